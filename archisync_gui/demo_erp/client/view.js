// The page's own callback control: presets and searches go through it, and its answer may replace the grid.

let page = {};
const pageControl = register(new Control("globalCallbackControl"));
const currentGrid = () => controls.get(page.gridName) || null;

window.RaiseXafCallback = function (control, target, argument) { return raise(target, argument); };
function raise(target, argument) {
  pageControl.begin("XAF");
  return post("globalCallbackControl", "XAF", { target, argument }).then(
    result => { pageControl.end("XAF"); return result; }, error => { pageControl.failed(error); return null; });
}

// Ask the page's callback control for a change of the view. A busy page takes no further call.
function askPage(command, args, accepted) {
  if (pageControl.calls || (currentGrid() && currentGrid().calls)) return;
  pageControl.begin(command);
  byId("ctl01").style.display = "";
  const quiet = () => { byId("ctl01").style.display = "none"; };
  post("globalCallbackControl", command, args).then(
    result => {
      showView(result);
      if (accepted) accepted(result);
      quiet();
      if (result.busy) pageControl.calls++;
      pageControl.end(command);
    },
    error => { quiet(); pageControl.failed(error); });
}

function showView(result) {
  const grid = currentGrid();
  if (result.view === undefined) {
    grid.show(result);
  } else {
    if (grid.painting) { clearTimeout(grid.painting); grid.painting = 0; }
    const renumbered = result.grid.name !== grid.name;
    if (!renumbered) dispose(grid.name); // under another id the old control stays registered without its element
    const fresh = new Grid(result.grid);
    putRows(byId("Vertical_ViewSite"), result.view, result, fresh);
    page.gridName = fresh.name;
    register(fresh);
    if (page.busy) fresh.calls++;
  }
}

// The handler that the page hangs on the preset filter: it reacts to a person's choice and notes which index the
// server has accepted.
function presetChosen(combo) {
  if (combo.xafOldSelectedIndex === combo.GetSelectedIndex()) return;
  const chosen = combo.GetValue();
  if (page.acceptsEarly) combo.xafOldSelectedIndex = combo.GetSelectedIndex();
  askPage("PRESET", { value: chosen }, result => {
    if (result.preset === chosen) combo.xafOldSelectedIndex = combo.GetSelectedIndex();
  });
}
function viewChosen(combo) {
  pageControl.begin("VIEW");
  post("Vertical$mainMenu$Menu", "VIEW", { value: combo.GetValue() }).catch(error => pageControl.failed(error));
}
