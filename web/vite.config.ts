/// <reference types="vitest/config" />
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vite'

// The development server passes /api on to a running voronka; VORONKA_URL names another one than ./run starts.
const server = process.env.VORONKA_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [svelte(), svelteTesting()],
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    manifest: true,
    assetsInlineLimit: 0, // the content security policy has no data: URLs
    modulePreload: { polyfill: false },
  },
  server: {
    fs: { allow: ['..'] },
    proxy: { '/api': { target: server, changeOrigin: true } },
  },
  test: {
    environment: 'happy-dom',
    isolate: false,
    include: ['src/**/*.test.ts'],
  },
})
