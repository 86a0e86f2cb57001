import { Route, Switch } from 'wouter'
import css from './App.module.css'
import { Conversation } from './conversation/Conversation'
import { Sidebar } from './sidebar/Sidebar'

/** The frame: sessions at the side, and what is open. Every session has an address. */
export function App() {
  return (
    <div className={css.frame}>
      <Sidebar />
      <main id="main" className={css.main}>
        <Switch>
          <Route path="/sessions/:id">{({ id }) => <Conversation key={id} sessionId={id} />}</Route>
          <Route path="/">
            <Conversation sessionId={null} />
          </Route>
        </Switch>
      </main>
    </div>
  )
}
