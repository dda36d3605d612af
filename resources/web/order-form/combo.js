/* A search box with a list, usable by keyboard alone (ARIA combobox); what is searched and shown is handed in. */

const PAUSE = 120; // ms after the last key

let count = 0;

export class Combo {
  #input; #list; #search; #render; #choose; #empty; #items = []; #active = -1; #timer = 0; #stale = false; #asked = 0; #abort = null;

  /** `search(text, signal)` → items; `render(item, words)` → nodes; `choose(item)`; `empty()` → text for no hits. */
  constructor(input, { search, render, choose, empty }) {
    this.#input = input; this.#search = search; this.#render = render; this.#choose = choose; this.#empty = empty;
    const list = this.#list = document.createElement("ul");
    list.id = `options-${++count}`;
    list.className = "options";
    list.role = "listbox";
    list.hidden = true;
    input.after(list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);
    input.addEventListener("input", () => this.refresh(PAUSE));
    input.addEventListener("focus", () => { if (input.value.trim()) this.refresh(0); });
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => this.#key(event));
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the box keeps the focus
      const option = event.target.closest("[role=option]");
      if (option?.dataset.index) this.#take(Number(option.dataset.index));
    });
  }

  /** Search for what the box holds now; an open list is brought up to date. */
  refresh(pause = 0) {
    clearTimeout(this.#timer);
    this.#stale = pause > 0 || this.#stale; // what the list shows is not what the box says
    this.#timer = setTimeout(() => this.#run(), pause);
  }

  get open() { return !this.#list.hidden; }

  close() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#abort?.abort();
    this.#list.hidden = true;
    this.#stale = false;
    this.#items = [];
    this.#active = -1;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }

  async #run(takeFirst = false) {
    const text = this.#input.value.trim();
    if (!text) { this.close(); return; }
    const asked = ++this.#asked;
    this.#abort?.abort();
    const abort = this.#abort = new AbortController();
    let items;
    try {
      items = await this.#search(text, abort.signal);
    } catch (error) {
      if (error.name === "AbortError" || asked !== this.#asked) return;
      items = null;
    }
    if (asked !== this.#asked || document.activeElement !== this.#input) return;
    this.#show(items, text);
    if (takeFirst && this.#items.length) this.#take(0);
  }

  #show(items, text) {
    const before = this.#items[this.#active]?.key;
    this.#items = items ?? [];
    this.#stale = false;
    this.#list.replaceChildren(...this.#items.map((item, index) => {
      const option = document.createElement("li");
      option.role = "option";
      option.id = `${this.#list.id}-${index}`;
      option.dataset.index = index;
      option.append(...this.#render(item, text.toLowerCase().split(/\s+/)));
      return option;
    }));
    if (!this.#items.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.role = "option";
      none.ariaDisabled = "true";
      none.textContent = this.#empty(items === null);
      this.#list.append(none);
    }
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    const again = this.#items.findIndex((item) => item.key === before);
    this.#mark(this.#items.length ? Math.max(again, 0) : -1);
  }

  #mark(index) {
    this.#active = index;
    [...this.#list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
    if (index < 0) { this.#input.removeAttribute("aria-activedescendant"); return; }
    this.#input.setAttribute("aria-activedescendant", `${this.#list.id}-${index}`);
    this.#list.children[index].scrollIntoView({ block: "nearest" });
  }

  #take(index) {
    const item = this.#items[index];
    this.close();
    this.#choose(item);
  }

  #key(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const last = this.#items.length - 1;
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp": {
        if (!this.open) { this.refresh(0); break; }
        const step = event.key === "ArrowDown" ? 1 : -1;
        const next = this.#active + step;
        if (last >= 0) this.#mark(next > last ? 0 : next < 0 ? last : next);
        break;
      }
      case "Enter":
        if (this.open && this.#active >= 0 && !this.#stale) this.#take(this.#active);
        else if (this.#input.value.trim()) { clearTimeout(this.#timer); this.#run(true); }
        else return;
        break;
      case "Escape":
        if (!this.open) return;
        this.close();
        break;
      default:
        return;
    }
    event.preventDefault();
  }
}
