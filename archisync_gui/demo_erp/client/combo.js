// Combo boxes. The options are rendered when the list opens; only a person's click on one of them chooses it. SetValue
// changes what the box shows: it raises no event and sends nothing.

class Combo extends TextEditor {
  constructor(data) {
    super(data);
    this.items = data.items;
    this.value = data.value;
    this.text = this.textOf(this.value);
    for (const event of ["SelectedIndexChanged", "DropDown", "CloseUp"]) this[event] = new ClientEvent();
  }
  textOf(value) {
    const item = this.items.find(item => item[0] === value);
    return value === null || value === undefined ? "" : item ? item[1] : String(value);
  }
  GetValue() { return this.value === undefined ? null : this.value; }
  GetValueString() { return this.GetValue() === null ? null : String(this.value); }
  GetItemCount() { return this.items.length; }
  GetItem(index) { const item = this.items[index]; return item ? { value: item[0], text: item[1], index } : null; }
  GetSelectedIndex() { return this.items.findIndex(item => item[0] === this.value); }
  GetSelectedItem() { return this.GetItem(this.GetSelectedIndex()); }
  FindItemByValue(value) { return this.GetItem(this.items.findIndex(item => item[0] === value)); }
  SetSelectedIndex(index) { const item = this.items[index]; if (item) this.SetValue(item[0]); }
  SetValue(value) {
    this.value = value === undefined ? null : value;
    this.text = this.textOf(this.value);
    this.draw();
  }
  draw() {
    super.draw();
    const hidden = byId(this.name + "_VI");
    if (hidden) hidden.value = this.value === null || this.value === undefined ? "" : this.value;
    for (const cell of this.cells()) cell.classList.toggle("dxeListBoxItemSelected_XafTheme", this.items[Number(cell.dataset.index)][0] === this.value);
  }
  focused() { this.GotFocus.FireEvent(this, {}); }
  typed() {}

  cells() { return document.querySelectorAll("#" + CSS.escape(this.name + "_DDD_L") + " td[data-index]"); }
  ShowDropDown() {
    setTimeout(() => {
      const popup = byId(this.name + "_DDD_PW-1");
      if (!popup) return;
      if (!this.cells().length && !this.folded) this.render();
      popup.style.display = "";
      this.draw();
      this.DropDown.FireEvent(this, {});
    }, 60);
  }
  render() {
    const body = byId(this.name + "_DDD_L").querySelector("tbody");
    this.items.forEach((item, index) => {
      const row = body.insertRow();
      row.className = "dxeListBoxItemRow_XafTheme";
      const cell = row.insertCell();
      cell.id = this.name + "_DDD_L_LBI" + index + "T0";
      cell.className = "dxeListBoxItem_XafTheme";
      cell.dataset.index = index;
      cell.textContent = item[1];
    });
  }
  HideDropDown() {
    const popup = byId(this.name + "_DDD_PW-1");
    if (popup && popup.style.display !== "none") { popup.style.display = "none"; this.CloseUp.FireEvent(this, {}); }
  }
  // A person clicked the option at that index.
  choose(index) {
    const item = this.items[index];
    this.HideDropDown();
    if (!item || item[0] === this.value) return;
    this.SetValue(item[0]);
    this.ValueChanged.FireEvent(this, {});
    this.SelectedIndexChanged.FireEvent(this, {});
    this.changed();
  }
  changed() {}
}

class FilterCombo extends Combo {
  changed() { TextEditor.prototype.changed.call(this); }
}
