"""What went wrong is written down for the people who mend it."""

from django.utils.translation import gettext, override

from verifactu.aeat.errors import Misconfigured, SoapFault, WireError
from verifactu.services.recording import in_words


def test_a_failure_is_written_in_the_language_of_the_house_whoever_asks() -> None:
    with override("en"):
        assert in_words(WireError("Sellers")) == "Emisores"
        assert gettext("Sellers") == "Sellers"


def test_it_says_what_is_wrong_and_then_what_mends_it() -> None:
    error = Misconfigured("%(path)s is not right (100 %%).", remedy="Mend %(path)s.", path="/x.toml")
    assert in_words(error) == "/x.toml is not right (100 %). Mend /x.toml."


def test_the_aeats_own_words_are_left_alone() -> None:
    said = "Codigo[4112].El titular 100 % no está autorizado: %(x)s"
    assert in_words(SoapFault(4112, said, from_server=False)) == said
