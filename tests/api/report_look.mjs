// Reads reports the way a test likes them: rows as objects with their key, codes of notes.
export async function report(api, id, params = {}) {
  const r = await api.list(`/api/reports/${id}`, params)
  const names = r.columns.map((c) => c.id)
  r.rows = r.rows.map((cells, i) => ({ key: r.keys?.[i], ...Object.fromEntries(names.map((n, k) => [n, cells[k]])) }))
  r.codes = r.notes.map((n) => n.code)
  return r
}

// Ids of the records behind a number, ascending.
export async function drilled(api, id, row, column, params = {}) {
  const { total, items } = await api.list(`/api/reports/${id}/deals`, { ...params, row, column, limit: 500 })
  if (total !== items.length) throw new Error(`${total} were counted, ${items.length} are there`)
  return items.map((item) => item.id).sort((a, b) => a - b)
}
