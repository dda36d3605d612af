// The collection of client controls, and what every control has. A control is a global variable named by its id.

const byId = id => document.getElementById(id);
const controls = new Map();

const collection = {
  ForEachControl(action) { for (const control of [...controls.values()]) action(control); },
  GetByName(name) { return controls.get(name) || null; },
  Get(name) { return this.GetByName(name); },
  BeginCallback: new ClientEvent(),
  EndCallback: new ClientEvent(),
  CallbackError: new ClientEvent(),
  ControlsInitialized: new ClientEvent(),
};

class Control {
  constructor(name) {
    this.name = name;
    this.calls = 0;
    for (const event of ["Init", "BeginCallback", "EndCallback", "CallbackError"]) this[event] = new ClientEvent();
  }
  InCallback() { return this.calls > 0; }
  GetMainElement() { return byId(this.name); }
  // Events of a callback: the control's own first, then the collection's.
  begin(command) {
    this.calls++;
    this.BeginCallback.FireEvent(this, { command });
    collection.BeginCallback.FireEvent(this, { control: this, command });
  }
  end(command) {
    this.calls--;
    this.EndCallback.FireEvent(this, { command });
    collection.EndCallback.FireEvent(this, { control: this, command });
  }
  failed(error) {
    this.calls--;
    const args = { message: error.message, handled: false };
    this.CallbackError.FireEvent(this, args);
    collection.CallbackError.FireEvent(this, { control: this, message: error.message, handled: false });
  }
}

function register(control) {
  controls.set(control.name, control);
  window[control.name] = control;
  return control;
}
// Controls whose HTML is replaced are made anew; those under another name are dropped.
function dispose(prefix) {
  for (const name of [...controls.keys()]) if (name.startsWith(prefix)) {
    controls.delete(name);
    delete window[name];
  }
}
