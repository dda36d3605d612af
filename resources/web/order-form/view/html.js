/* Templates of the views: htm bound to Preact; the only module that names the two libraries. */
// @ts-types="../vendor/htm.d.mts"
import htm from "../vendor/htm.mjs";
// @ts-types="../vendor/preact.d.mts"
import { Component, h, render } from "../vendor/preact.mjs";

/** @typedef {import("../vendor/preact.d.mts").Child} Child */

export const html = htm.bind(h);
export { Component, render };
