import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** In development the page comes from Vite and the API from a server that runs beside it. */
const api = process.env.BELLWETHER_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Everything is a file of its own: the server's content security policy allows no inline data but images.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': api, '/docs': api, '/openapi.json': api } },
})
