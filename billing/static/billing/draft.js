/* The draft's form: lines that come, go and move; the client's search; totals while one types.
   Every figure comes from the server: nothing is calculated here. */
"use strict";
(() => {
  const form = document.getElementById("draft");
  const lines = document.getElementById("lines");
  const blank = document.getElementById("blank-line");
  const count = form.querySelector("[name=lines-TOTAL_FORMS]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  let dirty = false;

  // --- lines -----------------------------------------------------------------------------------------------------
  const PLACE = /lines-(\d+|__prefix__)-/g;

  function renumber() {
    const all = lines.querySelectorAll("[data-line]");
    all.forEach((line, index) => {
      for (const element of line.querySelectorAll("[name], [id], [for], [data-field]")) {
        for (const attribute of ["name", "id", "for", "data-field"]) {
          const value = element.getAttribute(attribute);
          if (value) element.setAttribute(attribute, value.replace(PLACE, `lines-${index}-`));
        }
      }
    });
    count.value = all.length;
  }

  function addLine() {
    lines.append(blank.content.cloneNode(true));
    renumber();
    const line = lines.lastElementChild;
    showByHand(line);
    line.querySelector("input").focus();
  }

  function showByHand(line) {
    const byHand = line.querySelector("select[name$=-treatment]").value === "hand";
    line.querySelector("[data-hand]").hidden = !byHand;
    if (byHand) toggleDetails(line, true);
  }

  function toggleDetails(line, open) {
    line.querySelector("[data-details]").hidden = !open;
    line.querySelector("[data-more]").setAttribute("aria-expanded", String(open));
  }

  lines.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const line = button.closest("[data-line]");
    if (button.dataset.more !== undefined) return toggleDetails(line, line.querySelector("[data-details]").hidden);
    if (button.dataset.move === "up" && line.previousElementSibling) line.previousElementSibling.before(line);
    if (button.dataset.move === "down" && line.nextElementSibling) line.nextElementSibling.after(line);
    if (button.dataset.remove !== undefined) line.remove();
    if (!lines.children.length) addLine();
    renumber();
    changed();
  });
  document.getElementById("add-line").addEventListener("click", addLine);
  for (const line of lines.children) {
    showByHand(line);
    const details = line.querySelector("[data-details]");
    const said = [...details.querySelectorAll("[name$=-discount_percent], [name$=-surcharge_rate], [name$=-product_code]")];
    if (details.querySelector(".co-error") || said.some((input) => input.value)) toggleDetails(line, true);
  }

  // --- totals ----------------------------------------------------------------------------------------------------
  const totals = document.getElementById("totals");
  let timer = 0;
  let asked = 0;

  function changed() {
    dirty = true;
    document.getElementById("unsaved").hidden = false;
    ask();
  }

  function ask() {
    clearTimeout(timer);
    timer = setTimeout(preview, 250);
  }

  async function preview() {
    const mine = ++asked;
    const answer = await fetch(form.dataset.preview, {
      method: "POST", body: new FormData(form), headers: { "X-CSRFToken": token }, credentials: "same-origin",
    });
    if (mine !== asked || !answer.ok) return;
    show(await answer.json());
  }

  function show(answer) {
    list("faults", answer.faults.map((fault) => fault.text));
    list("warnings", answer.warnings || []);
    totals.classList.toggle("co-old", !answer.totals);
    if (!answer.totals) return;
    totals.replaceChildren(...rows(answer));
    for (const net of lines.querySelectorAll("[data-net]")) {
      const name = net.closest("[data-line]").querySelector("[name$=-description]").name;
      net.textContent = answer.lines[name.replace("-description", "")] || "–";
    }
  }

  function rows(answer) {
    const [net, ...rest] = answer.totals;
    const taxes = answer.taxes.map((tax) => row(tax.label, tax.surcharge ? `${tax.amount} + ${tax.surcharge}` : tax.amount));
    return [row(net.label, net.amount), ...taxes, ...rest.map((total) => row(total.label, total.amount, total.name))];
  }

  function row(label, amount, name) {
    const element = document.createElement("div");
    if (name === "gross_total" || name === "amount_due") element.className = "co-strong";
    const term = document.createElement("dt");
    const definition = document.createElement("dd");
    term.textContent = label;
    definition.textContent = amount;
    element.append(term, definition);
    return element;
  }

  function list(id, texts) {
    const element = document.getElementById(id);
    element.hidden = !texts.length;
    element.replaceChildren(...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
  }

  form.addEventListener("input", (event) => {
    const line = event.target.closest("[data-line]");
    if (line && event.target.name.endsWith("-treatment")) showByHand(line);
    if (event.target.id === "client-search") return;
    if (event.target.name === "currency") showRate();
    changed();
  });

  const currency = form.querySelector("[name=currency]");
  function showRate() {
    form.querySelector("[data-field=exchange_rate]").hidden = currency.value.toUpperCase() === "EUR";
  }
  showRate();

  // --- the client ------------------------------------------------------------------------------------------------
  const client = form.querySelector("[name=client]");
  const search = document.getElementById("client-search");
  const found = document.getElementById("client-found");
  const note = form.querySelector("[data-client-note]");
  let searching = 0;

  async function look() {
    const mine = ++searching;
    const answer = await fetch(`${form.dataset.clients}&q=${encodeURIComponent(search.value)}`, { credentials: "same-origin" });
    if (mine !== searching || !answer.ok) return;
    const { clients } = await answer.json();
    found.replaceChildren(...clients.map(option));
    open(clients.length > 0 && document.activeElement === search);
  }

  function option(data, index) {
    const item = document.createElement("li");
    item.id = `client-option-${index}`;
    item.setAttribute("role", "option");
    item.dataset.id = data.id;
    item.dataset.name = data.name;
    item.dataset.note = data.note;
    const name = document.createElement("strong");
    const small = document.createElement("small");
    name.textContent = data.name;
    small.textContent = data.note;
    item.append(name, small);
    return item;
  }

  function open(yes) {
    found.hidden = !yes;
    search.setAttribute("aria-expanded", String(yes));
    if (!yes) search.removeAttribute("aria-activedescendant");
  }

  function choose(item) {
    client.value = item ? item.dataset.id : "";
    search.value = search.dataset.chosen = item ? item.dataset.name : "";
    note.textContent = item ? item.dataset.note : "";
    open(false);
    changed();
  }

  function mark(step) {
    const items = [...found.children];
    const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    const next = items[(at + step + items.length) % items.length];
    items.forEach((item) => item.setAttribute("aria-selected", String(item === next)));
    if (next) search.setAttribute("aria-activedescendant", next.id);
  }

  let pause = 0;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    open(false); // what is listed answers another question
    if (search.value === "" && client.value) choose(null);
    pause = setTimeout(look, 150);
  });
  search.addEventListener("focus", look);
  search.addEventListener("blur", () => setTimeout(() => { open(false); search.value = search.dataset.chosen; }, 150));
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(event.key === "ArrowDown" ? 1 : -1); }
    if (event.key === "Escape") open(false);
    if (event.key === "Enter") {
      event.preventDefault();
      const marked = found.querySelector("[aria-selected=true]") || found.firstElementChild;
      if (!found.hidden && marked) choose(marked);
    }
  });
  found.addEventListener("mousedown", (event) => {
    event.preventDefault();
    choose(event.target.closest("li"));
  });

  // --- leaving ---------------------------------------------------------------------------------------------------
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault();
    sent = true;
  });
  window.addEventListener("beforeunload", (event) => { if (dirty && !sent) event.preventDefault(); });

  if (form.dataset.given || lines.querySelector("[name$=-unit_price]")?.value) preview();
})();
