// Text editors: filter row, search boxes. An editor without a value shows its null text as the input's value; only the
// control tells the two apart.

const NULL_TEXT = "dxeNullText_XafTheme";

class TextEditor extends Control {
  constructor(data) {
    super(data.id);
    this.nullText = data.nullText || "";
    this.text = data.text || "";
    for (const event of ["ValueChanged", "TextChanged", "GotFocus", "LostFocus"]) this[event] = new ClientEvent();
  }
  GetInputElement() { return byId(this.name + "_I"); }
  GetText() { return this.text; }
  GetValue() { return this.text || null; }
  GetValueString() { return this.text || null; }
  SetText(text) { this.SetValue(text); }
  SetValue(value) {
    this.text = value === null || value === undefined ? "" : String(value);
    this.draw();
  }
  Clear() { this.SetValue(null); }
  GetEnabled() { return true; }
  GetIsValid() { return true; }
  // What the input shows: the null text only where nothing is typed and the cursor is elsewhere.
  draw() {
    const input = this.GetInputElement(), element = this.GetMainElement();
    if (!input) return;
    const nothing = !this.text && !!this.nullText && document.activeElement !== input;
    input.value = nothing ? this.nullText : this.text;
    element.classList.toggle(NULL_TEXT, nothing);
  }
  focused() {
    this.GetMainElement().classList.remove(NULL_TEXT);
    this.GetInputElement().value = this.text;
    this.GotFocus.FireEvent(this, {});
  }
  left() { this.typed(); this.draw(); this.LostFocus.FireEvent(this, {}); }
  typed() {
    const input = this.GetInputElement();
    if (!input || this.GetMainElement().classList.contains(NULL_TEXT) || input.value === this.text) return;
    this.text = input.value;
    this.ValueChanged.FireEvent(this, {});
    this.TextChanged.FireEvent(this, {});
    this.changed();
  }
  // What follows from a new value: the filter row and the grid's search box ask the server at once.
  changed() {
    const found = /^(.*)_DXFREditorcol(\d+)$/.exec(this.name);
    if (found) controls.get(found[1]).AutoFilterByColumn(Number(found[2]), this.GetValue());
    else if (/_DXSE$/.test(this.name)) controls.get(this.name.replace(/_DXSE$/, "")).ApplySearchPanelFilter(this.text);
  }
}

class DateEditor extends TextEditor {
  constructor(data) {
    super(data);
    this.date = data.value ? revive(data.value) : null;
  }
  GetValue() { return this.date; }
  GetDate() { return this.date; }
  GetValueString() { return this.date ? filterText(this.date) : null; }
  typed() {
    const input = this.GetInputElement();
    const parts = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(input ? input.value.trim() : "");
    if (parts) this.date = cellLocale() === "it" ? new Date(parts[3], parts[2] - 1, parts[1]) : new Date(parts[3], parts[1] - 1, parts[2]);
    else if (input && !input.value) this.date = null;
    super.typed();
  }
}

class SearchBox extends TextEditor {
  changed() {}
  search() {
    this.typed();
    askPage("SEARCH", { text: this.text });
  }
}

function makeEditor(data) {
  switch (data.type) {
    case "date": return new DateEditor(data);
    case "search": return new SearchBox(data);
    case "combo": return new Combo(data);
    case "filter-combo": return new FilterCombo(data);
    default: return new TextEditor(data);
  }
}
