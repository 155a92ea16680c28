// A zip archive out of names and texts, for hostile and honest workbooks. Entries: [name, bytes or text, { raw }].
import { crc32, deflateRawSync } from 'node:zlib'

export function zip(entries) {
  const parts = []
  const index = []
  let at = 0
  for (const [name, data, { lie } = {}] of entries) {
    const bytes = Buffer.from(data)
    const packed = deflateRawSync(bytes)
    const n = Buffer.from(name)
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt16LE(0x800, 6)
    head.writeUInt16LE(8, 8)
    head.writeUInt32LE(lie ? 1 : crc32(bytes), 14)
    head.writeUInt32LE(packed.length, 18)
    head.writeUInt32LE(bytes.length, 22)
    head.writeUInt16LE(n.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    entry.writeUInt16LE(20, 6)
    head.copy(entry, 8, 6, 28)
    entry.writeUInt32LE(at, 42)
    entry.writeUInt16LE(n.length, 28)
    entry.writeUInt16LE(0, 30)
    parts.push(head, n, packed)
    index.push(entry, n)
    at += head.length + n.length + packed.length
  }
  const tail = Buffer.concat(index)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(tail.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, tail, end])
}

const xml = '<?xml version="1.0" encoding="UTF-8"?>'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const column = (i) => (i < 26 ? '' : String.fromCharCode(64 + Math.floor(i / 26))) + String.fromCharCode(65 + (i % 26))
const escape = (s) => s.replace(/&/g, '&amp;').replace(/</g, '&lt;')

// A workbook of sheets { name: rows }: texts shared, numbers as they are, Dates as serial days with a date style.
export function workbook(sheets, { extra = [], doctype = '', date1904 = false } = {}) {
  const shared = []
  const cell = (v, r, c) => {
    const ref = `r="${column(c)}${r + 1}"`
    if (v === null || v === undefined) return ''
    if (v instanceof Date) return `<c ${ref} s="1"><v>${v.getTime() / 86400000 + 25569}</v></c>`
    if (typeof v === 'number') return `<c ${ref}><v>${v}</v></c>`
    if (typeof v === 'boolean') return `<c ${ref} t="b"><v>${v ? 1 : 0}</v></c>`
    if (!shared.includes(v)) shared.push(v)
    return `<c ${ref} t="s"><v>${shared.indexOf(v)}</v></c>`
  }
  const names = Object.keys(sheets)
  const parts = names.map((name, i) => [
    `xl/worksheets/sheet${i + 1}.xml`,
    `${xml}${doctype}<worksheet xmlns="${main}"><sheetData>${sheets[name].map((row, r) => `<row r="${r + 1}">${row.map((v, c) => cell(v, r, c)).join('')}</row>`).join('')}</sheetData></worksheet>`,
  ])
  return zip([
    ['xl/workbook.xml', `${xml}<workbook xmlns="${main}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="${date1904 ? 1 : 0}"/><sheets>${names.map((n, i) => `<sheet name="${escape(n)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`).join('')}</sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `${xml}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${names.map((_, i) => `<Relationship Id="rId${i + 1}" Target="worksheets/sheet${i + 1}.xml"/>`).join('')}</Relationships>`],
    ['xl/styles.xml', `${xml}<styleSheet xmlns="${main}"><numFmts><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`],
    ['xl/sharedStrings.xml', `${xml}<sst xmlns="${main}">${shared.map((s) => `<si><t xml:space="preserve">${escape(s)}</t></si>`).join('')}</sst>`],
    ...parts,
    ...extra,
  ])
}
