import { Component, type ErrorInfo, type ReactNode } from 'react'

interface BoundaryProps {
  /** What is shown in place of what broke. */
  fallback: (error: unknown) => ReactNode
  /** Another one, and it is tried again. */
  of?: string
  children: ReactNode
}

/** Keeps an error in one part of the page from taking the rest. */
export class Boundary extends Component<BoundaryProps, { error: unknown; broken: boolean }> {
  override state = { error: null as unknown, broken: false }

  static getDerivedStateFromError(error: unknown) {
    return { error, broken: true }
  }

  override componentDidCatch(error: unknown, info: ErrorInfo) {
    console.error(error, info.componentStack)
  }

  override componentDidUpdate(before: BoundaryProps) {
    if (this.state.broken && before.of !== this.props.of)
      this.setState({ error: null, broken: false })
  }

  override render() {
    return this.state.broken ? this.props.fallback(this.state.error) : this.props.children
  }
}
