// The part of the texts that comes with the settings (vite.config.ts).
declare module 'settings-texts:*' {
  const texts: Record<string, string>
  export default texts
}
