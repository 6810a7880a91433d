/** Light, dark, or as the device says. */
import { ref } from "vue";

export type Theme = "auto" | "light" | "dark";

const kept = "shuke.theme";
const media = window.matchMedia("(prefers-color-scheme: dark)");

export const theme = ref<Theme>("auto");
export const dark = ref(false);

function apply(): void {
  dark.value = theme.value === "dark" || (theme.value === "auto" && media.matches);
  document.documentElement.classList.toggle("dark", dark.value);
}

export function setTheme(next: Theme): void {
  theme.value = next;
  try {
    localStorage.setItem(kept, next);
  } catch {
    /* a private window may refuse storage */
  }
  apply();
}

export function startTheme(): void {
  try {
    const found = localStorage.getItem(kept);
    if (found === "light" || found === "dark" || found === "auto") theme.value = found;
  } catch {
    /* as above */
  }
  media.addEventListener("change", apply);
  apply();
}
