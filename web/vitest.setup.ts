/** How long a test waits for what is to come: as in tests/web, longer than a busy machine takes. */
import { configure } from '@testing-library/react'
import { vi } from 'vitest'

const PATIENCE_MS = 20_000

configure({ asyncUtilTimeout: PATIENCE_MS })
const waitFor = vi.waitFor.bind(vi)
vi.waitFor = (check, options = PATIENCE_MS) => waitFor(check, options)
