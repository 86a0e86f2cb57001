// Before the first paint: the chosen theme and text size, so that nothing flashes. It stands
// alone, in a script of its own; `appearance.ts` looks after the page from there on.
{
  const { dataset } = document.documentElement
  try {
    const { theme, textSize } = JSON.parse(localStorage.getItem('squid.settings') ?? '{}')
    if (theme === 'light' || theme === 'dark') dataset.theme = theme
    if (textSize === 'small' || textSize === 'large') dataset.textSize = textSize
  } catch {
    // As the system has it.
  }
}
