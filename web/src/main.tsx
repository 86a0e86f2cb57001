import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { queries } from './api/queries'
import { listen } from './live/changes'
import { useSettings } from './settings/settings'
import './styles/base.css'
import { TooltipProvider } from './ui/Tooltip'
import { Toasts } from './ui/toasts'

const TEXT_SIZE = { small: '0.9', medium: '1', large: '1.15' }

function Page() {
  const { theme, textSize } = useSettings()
  useEffect(() => {
    document.documentElement.dataset.theme = theme
    document.documentElement.style.setProperty('--text-size', TEXT_SIZE[textSize])
  }, [theme, textSize])
  useEffect(listen, [])
  return (
    <QueryClientProvider client={queries}>
      <TooltipProvider delayDuration={400}>
        <App />
        <Toasts />
      </TooltipProvider>
    </QueryClientProvider>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
