// Events as the ERP's client library has them: AddHandler, RemoveHandler, FireEvent.

class ClientEvent {
  constructor() { this.handlers = []; }
  AddHandler(handler) { if (typeof handler === "function") this.handlers.push(handler); }
  RemoveHandler(handler) { this.handlers = this.handlers.filter(h => h !== handler); }
  ClearHandlers() { this.handlers = []; }
  FireEvent(sender, args) { for (const handler of this.handlers.slice()) handler(sender, args); }
}
