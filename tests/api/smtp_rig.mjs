// A mail server of a few lines for scenarios of letters, what it was told, and how a letter reads.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'

// A certificate that only who is told of it trusts: { key, cert, file } of "localhost".
export function ownCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'voronka-cert-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const words = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1'
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', file], { stdio: 'pipe' })
  return { key: readFileSync(key), cert: readFileSync(file), file }
}

// needs: "user:password" or nothing. tls: 'implicit', 'starttls' or nothing, with a certificate.
// box.answer: what is said instead of 250 to a command: { greeting, ehlo, starttls, mail, rcpt, data, end }, or a function
// of the command's line. box.signIns: over what passwords came; box.names: hosts asked for.
export async function mailServer({ needs, tls, certificate, port = 0 } = {}) {
  const box = { letters: [], sessions: 0, answer: {}, signIns: [], commands: [] }
  const talk = (first, greet) => {
    let socket = first
    let data = null
    let buffer = ''
    let signedIn = !needs
    let letter = {}
    let asked = false
    const say = (line) => socket.write(`${line}\r\n`)
    const instead = (what, line) => {
      const answer = box.answer[what]
      return typeof answer === 'function' ? answer(line) : answer
    }
    const offers = () => [...(tls === 'starttls' && !socket.encrypted ? ['STARTTLS'] : []), ...(needs ? ['AUTH PLAIN'] : []), 'SIZE 50000000']
    const greeting = () => {
      const words = ['test', ...offers()]
      words.forEach((w, i) => say(`250${i === words.length - 1 ? ' ' : '-'}${w}`))
    }
    const command = (line) => {
      box.commands.push(asked ? '(password)' : line.replace(/^(AUTH PLAIN) .*/i, '$1 (password)'))
      if (/^(EHLO|HELO)/i.test(line)) return instead('ehlo') ? say(instead('ehlo')) : greeting()
      if (/^STARTTLS/i.test(line)) {
        if (instead('starttls')) return say(instead('starttls'))
        say('220 go on')
        socket.removeAllListeners('data')
        socket = new TLSSocket(socket, { isServer: true, ...certificate })
        return listen()
      }
      if (/^AUTH PLAIN$/i.test(line)) return ((asked = true), say('334 '))
      if (asked || /^AUTH PLAIN /i.test(line)) {
        const [, user, password] = Buffer.from(asked ? line : line.slice(11), 'base64').toString().split('\0')
        asked = false
        box.signIns.push(Boolean(socket.encrypted))
        signedIn = `${user}:${password}` === needs
        return say(signedIn ? '235 welcome' : '535 5.7.8 wrong password')
      }
      if (/^MAIL FROM/i.test(line)) {
        if (!signedIn) return say('530 5.7.0 sign in first')
        letter = { from: /<(.*?)>/.exec(line)[1], to: [], secure: Boolean(socket.encrypted) }
        return say(instead('mail', line) ?? '250 ok')
      }
      if (/^RCPT TO/i.test(line)) {
        const no = instead('rcpt', line)
        if (!no) letter.to.push(/<(.*?)>/.exec(line)[1])
        return say(no ?? '250 ok')
      }
      if (/^DATA/i.test(line)) {
        const no = instead('data', line)
        if (!no) data = ''
        return say(no ?? '354 go on')
      }
      if (/^QUIT/i.test(line)) return (say('221 bye'), socket.end())
      return say('250 ok')
    }
    const listen = () => {
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        buffer += chunk.toString('latin1')
        for (let at; (at = buffer.indexOf('\r\n')) >= 0; ) {
          const line = buffer.slice(0, at)
          buffer = buffer.slice(at + 2)
          if (data === null) command(line)
          else if (line === '.') {
            const no = instead('end')
            if (!no) box.letters.push({ ...letter, raw: data })
            data = null
            say(no ?? '250 taken')
          } else data += (line.startsWith('..') ? line.slice(1) : line) + '\r\n'
        }
      })
    }
    listen()
    if (greet) say(instead('greeting') ?? '220 test')
  }
  const take = (socket) => {
    box.sessions++
    talk(socket, true)
  }
  const server = tls === 'implicit' ? createTlsServer(certificate, take) : createServer(take)
  server.on('tlsClientError', () => box.sessions++)
  await new Promise((done) => server.listen(port, '127.0.0.1', done))
  box.close = () => new Promise((done) => server.close(done))
  after(() => server.close())
  box.port = server.address().port
  return box
}

// Headers, decoded; and the parts of the body by type.
const decode = (s) => s.replace(/\r\n[ \t]+/g, ' ').replace(/=\?UTF-8\?B\?(.*?)\?=(\s+(?==\?))?/g, (_, b) => Buffer.from(b, 'base64').toString('latin1'))
const utf8 = (s) => Buffer.from(s, 'latin1').toString('utf8')
export function open(raw) {
  const [head] = raw.split('\r\n\r\n', 1)
  const header = (name) => utf8(decode(new RegExp(`^${name}: ((?:.|\\r\\n[ \\t])*)`, 'im').exec(head)?.[1] ?? ''))
  const parts = {}
  const walk = (text) => {
    const [h] = text.split('\r\n\r\n', 1)
    const body = text.slice(h.length + 4)
    const boundary = /boundary="?([^";\r\n]+)/i.exec(h)?.[1]
    const type = /^content-type: ([^;\r\n]+)/im.exec(h)?.[1]
    if (boundary) for (const p of body.split(`--${boundary}`).slice(1, -1)) walk(p.replace(/^\r\n/, ''))
    else parts[type] = /base64/i.test(h) ? Buffer.from(body, 'base64') : Buffer.from(body, 'latin1')
  }
  walk(raw)
  return { header, parts, text: parts['text/plain']?.toString(), html: parts['text/html']?.toString() }
}
