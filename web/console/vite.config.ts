import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const backend = process.env.SHUKE_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { "@": here("./src"), "@api": here("../api") } },
  define: { __VUE_OPTIONS_API__: true, __VUE_PROD_DEVTOOLS__: false },
  build: {
    target: "es2022",
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: "vue", test: /node_modules[\\/](vue|@vue|vue-router|vue-i18n|@intlify|@tanstack)[\\/]/ }],
        },
      },
    },
  },
  server: {
    fs: { allow: [here("..")] },
    proxy: { "/console/api": backend, "/v1": backend, "/openapi.json": backend },
  },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
