// Reads a page by values: `GetPageRowValues` returns typed values of all its rows, hidden columns included.
(reader => {
  "use strict";

  const two = number => String(number).padStart(2, "0");

  // A date becomes { "$date": local time of the ERP }; any other object { "$other": type }, without its contents.
  function encode(value) {
    if (value === null || value === undefined) return null;
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) return { $other: "Invalid Date" };
      const day = `${String(value.getFullYear()).padStart(4, "0")}-${two(value.getMonth() + 1)}-${two(value.getDate())}`;
      return { $date: `${day}T${two(value.getHours())}:${two(value.getMinutes())}:${two(value.getSeconds())}` };
    }
    if (typeof value === "number") return Number.isFinite(value) ? value : { $other: String(value) };
    if (typeof value === "string" || typeof value === "boolean") return value;
    return { $other: Object.prototype.toString.call(value) };
  }

  // { how: "answered" | "missing" | "slow" | "error: ...", rows }
  function pageValues(grid, fields, limit) {
    if (typeof grid.GetPageRowValues !== "function") return Promise.resolve({ how: "missing", rows: [] });
    return new Promise(resolve => {
      let open = true;
      const finish = (how, rows) => {
        if (!open) return;
        open = false;
        state.stop("over");
        resolve({ how, rows });
      };
      // The callback function gets the values; of the grid's events only the error matters.
      const state = reader.listen({ CallbackError: grid.CallbackError }, limit, how => finish(how, []));
      try {
        grid.GetPageRowValues(fields.join(";"), answer => {
          if (!Array.isArray(answer)) return finish("error: no rows", []);
          // If one field was asked for, each row is the value itself.
          finish("answered", answer.map(row => (Array.isArray(row) ? row : [row]).map(encode)));
        });
      } catch (error) {
        finish("error: " + error, []);
      }
    });
  }

  // The keys of the rows that are shown, from the client; null where it has no keys.
  function rowKeys(grid, count) {
    if (typeof grid.GetRowKey !== "function") return null;
    const rows = reader.dataRows(grid);
    const top = typeof grid.GetTopVisibleIndex === "function" ? grid.GetTopVisibleIndex() : 0;
    // If the table has fewer rows than the answer, the rows are numbered in order from the first visible one.
    const indexes = rows.length && rows.length >= count ? rows.map(row => row.index) : [...Array(count).keys()].map(n => top + n);
    return indexes.map(index => keyOf(grid, index));
  }

  function keyOf(grid, index) {
    try {
      const key = grid.GetRowKey(index);
      return key === null || key === undefined ? null : String(key);
    } catch { return null; } // a client without keys may throw
  }

  Object.assign(reader, { pageValues, rowKeys, encode });

  // Measures one call of `GetRowValues`, for the conformance report.
  reader.rowValues = async (field, limit) => {
    const grid = reader.needGrid(), began = performance.now();
    const first = reader.dataRows(grid)[0];
    const answered = await new Promise(resolve => {
      setTimeout(() => resolve(false), limit * 1000);
      grid.GetRowValues(first ? first.index : 0, field, () => resolve(true));
    });
    await reader.idle(limit);
    return JSON.stringify({ answered, ms: Math.round(performance.now() - began) });
  };
})(window.archisyncReader);
