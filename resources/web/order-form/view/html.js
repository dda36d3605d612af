/* Templates of the views: htm bound to Preact; the only module that names the two libraries. */
import htm from "../vendor/htm.mjs";
import { Component, h, render } from "../vendor/preact.mjs";

/** @typedef {import("../vendor/preact.mjs").Child} Child */

export const html = htm.bind(h);
export { Component, render };
