import { QueryClientProvider } from '@tanstack/react-query'
import { Direction } from 'radix-ui'
import { StrictMode, useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App'
import { queries } from './api/queries'
import { Crashed } from './Crashed'
import { listen } from './live/changes'
import { useAppearance } from './settings/appearance'
import { useKeeping } from './settings/keeping'
import { direction, language } from './strings'
import './styles/base.css'
import { Announced } from './ui/announce'
import { Boundary } from './ui/Boundary'
import { TooltipProvider } from './ui/Tooltip'
import { Toasts } from './ui/toasts'
import { register } from './worker/register'

document.documentElement.lang = language
document.documentElement.dir = direction

function Page() {
  useAppearance()
  useKeeping()
  useEffect(listen, [])
  useEffect(register, [])
  return (
    <Boundary fallback={(error) => <Crashed error={error} />}>
      <QueryClientProvider client={queries}>
        <Direction.Provider dir={direction}>
          <TooltipProvider delayDuration={400}>
            <App />
            <Toasts />
            <Announced />
          </TooltipProvider>
        </Direction.Provider>
      </QueryClientProvider>
    </Boundary>
  )
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <Page />
  </StrictMode>,
)
