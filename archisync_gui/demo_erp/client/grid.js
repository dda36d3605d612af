// The grid: its state, the calls that change it, and the values of its rows.
//
// A busy grid takes no further call: only the first of several in one breath has an effect. Of several row value
// requests at once only the last is answered.

class Grid extends Control {
  constructor(data) {
    super(data.name);
    this.uniqueID = data.unique;
    for (const event of ["RowClick", "SelectionChanged", "ColumnSorting"]) this[event] = new ClientEvent();
    if (!data.pageValues) this.GetPageRowValues = undefined;
    this.take(data);
  }
  // State from the server. The members without a capital are declared by the page.
  take(data) {
    this.paint = data.paint;
    this.columns = data.columns;
    const { top, keys, sizes, pageSize, ...declared } = data.state;
    Object.assign(this, declared, { visibleStartIndex: top, keys });
    this.pageSizes = sizes;
    this.chosenSize = pageSize;
    dispose(this.name + "_");
    for (const control of data.controls) register(makeEditor(control));
  }

  GetColumnCount() { return this.columns.length; }
  GetColumnsCount() { return this.columns.length; }
  GetColumn(index) { return this.columns[index] || null; }
  GetColumnByField(field) { return this.columns.find(column => column.fieldName === field) || null; }
  GetColumnById(id) { return this.columns.find(column => column.name === id) || null; }
  GetVisibleRowsOnPage() { return this.pageRowCount; }
  GetTopVisibleIndex() { return this.visibleStartIndex; }
  GetRowKey(index) { const key = this.keys[index - this.visibleStartIndex]; return key === undefined ? null : key; }
  GetPageIndex() { return this.pageIndex; }
  GetPageCount() { return this.pageCount; }
  GetRow(index) { return byId(this.name + "_DXDataRow" + index) || byId(this.name + "_DXGroupRow" + index); }
  GetDataRow(index) { return byId(this.name + "_DXDataRow" + index); }
  IsGroupRow(index) { return !!byId(this.name + "_DXGroupRow" + index); }
  GetAutoFilterEditor(column) { return controls.get(this.name + "_DXFREditorcol" + this.index(column)) || null; }

  GotoPage(index) { if (index !== this.pageIndex && index >= 0 && index < this.pageCount) this.call("PAGE", { index }); }
  NextPage() { this.GotoPage(this.pageIndex + 1); return true; }
  PrevPage() { this.GotoPage(this.pageIndex - 1); return true; }
  ClearFilter() { this.call("CLEARFILTER"); }
  Refresh() { this.call("REFRESH"); }
  PerformCallback(parameter) { this.call("CUSTOM", { parameter: String(parameter) }); }
  AutoFilterByColumn(column, value) { this.call("FILTERROW", { column: this.index(column), text: filterText(value) }); }
  ApplySearchPanelFilter(text) { this.call("SEARCHPANEL", { text }); }
  GroupBy(column) { this.call("GROUP", { column: this.index(column) }); }
  UnGroup(column) { this.call("UNGROUP", { column: this.index(column) }); }
  ExpandAll() { this.call("EXPAND", { on: true }); }
  CollapseAll() { this.call("EXPAND", { on: false }); }
  SortBy(column, order, reset, sortIndex) {
    this.call("SORT", { column: this.index(column), order: order || "", reset: reset !== false, sortIndex: sortIndex === undefined ? -1 : sortIndex });
  }
  index(column) {
    if (typeof column === "number") return column;
    if (typeof column === "string") column = this.GetColumnByField(column) || this.GetColumnById(column);
    return column ? column.index : -1;
  }

  // --- row values ---

  GetRowValues(row, fields, handler) { this.ask("ROWVALUES", { row, fields }, handler); }
  GetPageRowValues(fields, handler) { this.ask("PAGEVALUES", { fields }, handler); }
  ask(command, args, handler) {
    // A grid that is busy with a callback does not answer; a second question replaces the first one's handler.
    if (this.calls && !this.asking) return;
    this.asking = handler;
    this.begin(command);
    post(this.uniqueID, command, args).then(
      result => {
        const wanted = this.asking === handler;
        if (wanted) this.asking = null;
        this.end(command);
        if (wanted) handler(revive(result.values));
      },
      error => {
        if (this.asking === handler) this.asking = null;
        this.failed(error);
      });
  }

  // --- callbacks ---

  call(command, args, apply) {
    if (this.calls) return;
    this.begin(command);
    this.loading(true);
    post(this.uniqueID, command, args).then(
      result => {
        (apply || (r => this.show(r)))(result);
        if (result.busy) this.calls++;
        else this.loading(false);
        this.end(command);
      },
      error => {
        this.loading(false);
        this.failed(error);
      });
  }
  loading(on) { const panel = byId(this.name + "_LPV"); if (panel) panel.style.display = on ? "" : "none"; }

  show(result) {
    if (result.html !== undefined) putRows(byId(this.name + "_DXCell"), result.html, result, this);
    if (result.grid) this.take(result.grid);
  }

  // --- dialogs ---

  ShowCustomizationDialog() { byId(this.name + "_DXCDWindow_PW-1").style.display = ""; }
  HideCustomizationDialog() { byId(this.name + "_DXCDWindow_PW-1").style.display = "none"; }
}

// A row filter's value as it is posted: a date as local time without zone.
function filterText(value) {
  if (value === null || value === undefined) return "";
  if (!(value instanceof Date)) return String(value);
  const two = number => String(number).padStart(2, "0");
  return value.getFullYear() + "-" + two(value.getMonth() + 1) + "-" + two(value.getDate()) + "T00:00:00";
}

// New rows stand there without text first and are painted a little later, as the ERP does it. With `late`, only that
// cell of each row is painted later.
function putRows(target, html, { paint, late }, owner) {
  if (owner.painting) { clearTimeout(owner.painting); owner.painting = 0; }
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const pairs = [];
  if (paint > 0) {
    for (const row of holder.content.querySelectorAll("tr.dxgvDataRow_XafTheme")) {
      const bare = row.cloneNode(false);
      [...row.children].forEach((cell, at) => bare.appendChild(cell.cloneNode(late >= 0 && at !== late)));
      pairs.push([bare, row]);
    }
    for (const [bare, row] of pairs) row.replaceWith(bare);
  }
  target.replaceChildren(holder.content);
  if (pairs.length) owner.painting = setTimeout(() => {
    owner.painting = 0;
    for (const [bare, row] of pairs) bare.replaceWith(row);
  }, paint * 1000);
}
