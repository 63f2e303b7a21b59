"""The wire to the AEAT: what is said, to whom, with which certificate, and what the answers mean.

``messages`` writes, ``answers`` reads, ``catalogue`` judges codes; these know neither Django nor the network.
``certificates`` and ``endpoints`` say who speaks and where; ``transport`` alone touches the network, and ``channel``
puts the three together for one seller in one mode.
"""
