// Reads a page by values: `GetPageRowValues` answers for all its rows, hidden columns included, with typed values.
(reader => {
  "use strict";

  const two = number => String(number).padStart(2, "0");

  // JSON knows no dates: { "$date": local time of the ERP }. What is no plain value is named by its type only.
  function encode(value) {
    if (value === null || value === undefined) return null;
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) return null;
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
      // The values come with the callback function; the grid's events only tell of an error.
      const state = reader.listen({ CallbackError: grid.CallbackError }, limit, how => finish(how, []));
      try {
        grid.GetPageRowValues(fields.join(";"), answer => {
          if (!Array.isArray(answer)) return finish("error: no rows", []);
          // With one field, each row is the value itself.
          finish("answered", answer.map(row => (Array.isArray(row) ? row : [row]).map(encode)));
        });
      } catch (error) {
        finish("error: " + error, []);
      }
    });
  }

  // The keys of the rows on show, as the client has them; null where it does not tell.
  function rowKeys(grid, count) {
    if (typeof grid.GetRowKey !== "function") return null;
    const rows = reader.dataRows(grid);
    const top = typeof grid.GetTopVisibleIndex === "function" ? grid.GetTopVisibleIndex() : 0;
    // A table that holds fewer rows than were answered does not tell which rows those are: they are in order.
    const indexes = rows.length && rows.length >= count ? rows.map(row => row.index) : [...Array(count).keys()].map(n => top + n);
    return indexes.map(index => keyOf(grid, index));
  }

  function keyOf(grid, index) {
    try {
      const key = grid.GetRowKey(index);
      return key === null || key === undefined ? null : String(key);
    } catch { return null; } // a client without keys tells none
  }

  Object.assign(reader, { pageValues, rowKeys, encode });

  // How long one value takes that is not in the client (`GetRowValues`): for the conformance report.
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
