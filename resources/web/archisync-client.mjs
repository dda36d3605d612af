/* Archisync client as an ES module; the code is in archisync-client.js beside it. */
import "./archisync-client.js";

export const { openSession, pair, request, whoAnswers } = globalThis.Archisync;
