// Parts of the texts that come with their screens (vite.config.ts).
declare module 'texts:*' {
  const texts: Record<string, string>
  export default texts
}
