#!/usr/bin/env node
// Takes one card payment through readerd, and survives a power cut at any moment.
//
//     node take_payment.mjs --cart 123 --amount 56.78 --lane till-1 --sales ./sales
//
// Needs Node 18 and nothing else. The rule that makes it safe: the payment's id and body are on disk before they are sent, and whoever
// starts again sends the same id and body again. readerd then attaches to the payment that runs, or tells how it ended; it never begins a
// second one. Run it again with the same arguments after any interruption.
//
// Exit status: 0 paid, 1 not paid, 2 money is held but there is no order, 3 not known yet or the agent cannot be reached: run it again.

import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import readline from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const ended = new Set(['succeeded', 'declined', 'canceled', 'canceled_by_customer', 'timed_out', 'failed'])

/** readerd's socket. Each request has a connection of its own: that is cheap on a Unix socket. */
class Agent {
  constructor(socket) {
    this.socket = socket
  }

  open(method, target, body) {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath: this.socket, method, path: target, headers, agent: false }, resolve)
      // A stream has a heartbeat at least every 15 seconds, so 45 seconds of silence mean that the agent is gone.
      request.setTimeout(45_000, () => request.destroy(new Error('no answer within 45 seconds')))
      request.on('error', reject)
      request.end(text)
    })
  }

  async ask(method, target, body) {
    const answer = await this.open(method, target, body)
    let text = ''
    for await (const part of answer.setEncoding('utf8')) text += part
    return { status: answer.statusCode, value: text ? JSON.parse(text) : null }
  }

  /** The payment after each thing that happened to it, from its beginning to its end. */
  async *events(payment) {
    const answer = await this.open('GET', `/v1/payments/${payment}/events`)
    try {
      if (answer.statusCode !== 200) return
      // A stream that breaks off ends the lines; the payment is then asked for again.
      answer.on('error', () => {})
      for await (const line of readline.createInterface({ input: answer })) {
        const event = JSON.parse(line)
        if (event.payment) yield event.payment
      }
    } finally {
      answer.destroy()
    }
  }
}

/** What must outlive a power cut: which attempts were made to pay a cart, and how they ended. One file for each cart. */
class Sale {
  constructor(directory, cart) {
    fs.mkdirSync(directory, { recursive: true })
    this.directory = directory
    this.path = path.join(directory, encodeURIComponent(cart) + '.json')
    this.attempts = fs.existsSync(this.path) ? JSON.parse(fs.readFileSync(this.path, 'utf8')) : []
  }

  save() {
    // The new file is whole on disk before it takes the old one's name, and the name is on disk before anything is sent.
    fs.writeFileSync(this.path + '.new', JSON.stringify(this.attempts, null, 1), { flush: true })
    sync(this.path + '.new')
    fs.renameSync(this.path + '.new', this.path)
    sync(this.directory)
  }
}

function sync(name) {
  const file = fs.openSync(name, 'r')
  try {
    fs.fsyncSync(file)
  } finally {
    fs.closeSync(file)
  }
}

const say = (text) => fs.writeSync(1, text + '\n')

function doing(payment, state) {
  const reader = payment.reader_label ?? payment.reader ?? 'the reader'
  return {
    queued: `Waiting for ${reader}.`,
    preparing: `Preparing ${reader}.`,
    waiting_for_card: `Please present a card at ${reader}: ${payment.amount}.`,
    authorizing: 'The card is being charged.',
    finishing: 'The card was charged. The order is being completed.',
    unresolved: 'Not known yet whether the money was taken. Do not take it again; the agent goes on finding out.',
  }[state]
}

/** The last line, for the cashier, and the exit status. */
function outcome(payment) {
  const order = payment.order ? `order ${payment.order}` : 'no order'
  switch (payment.money) {
    case 'taken': return [`PAID ${payment.amount}, ${order}`, 0]
    case 'authorized': return [`HELD ${payment.amount}, ${order}: a matter for the back office`, 2]
    case 'unknown': return ['NOT KNOWN YET: run this again', 3]
    default: return ['NOT PAID: ' + [payment.failure?.message ?? payment.state, payment.failure?.remedy].filter(Boolean).join(' '), 1]
  }
}

/**
 * Begins the payment, or finds it, and stays with it until it has ended.
 *
 * Gives the payment; a refusal's problem when no such payment exists; null when neither is known in time.
 */
async function follow(agent, payment, body, patience) {
  let seen = 0
  let unclearSince = null
  for (;;) {
    try {
      const { status, value } = await agent.ask('PUT', `/v1/payments/${payment}`, body)
      if (status < 300) {
        if (ended.has(value.state)) return value
        if (value.state !== 'unresolved') unclearSince = null
        for await (const current of agent.events(payment)) {
          for (const entry of current.timeline.slice(seen)) if (!ended.has(entry.state)) say(doing(current, entry.state))
          seen = Math.max(seen, current.timeline.length)
          if (ended.has(current.state)) return current
          if (current.state === 'unresolved') break
        }
      } else if (!value.retryable) {
        // This request began nothing. An earlier one may have, before the power went: only the agent's own word settles that.
        if ((await agent.ask('GET', `/v1/payments/${payment}`)).status === 404) return value
      } else {
        say(value.detail)
      }
    } catch (error) {
      say(`The agent cannot be reached at ${agent.socket} (${error.message}); trying again.`)
    }
    unclearSince ??= performance.now()
    if (performance.now() - unclearSince > patience * 1000) return null
    await pause(1000)
  }
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      socket: { type: 'string', default: '/run/readerd/checkout.sock' },
      sales: { type: 'string', default: 'sales' }, // A directory that outlives a power cut.
      cart: { type: 'string' },
      amount: { type: 'string' }, // In the major unit: 56.78
      lane: { type: 'string' },
      patience: { type: 'string', default: '120' }, // Seconds to go on while nothing is known.
    },
  })
  for (const name of ['cart', 'amount', 'lane']) if (!options[name]) throw new Error(`--${name} is missing`)

  const agent = new Agent(options.socket)
  const sale = new Sale(options.sales, options.cart)
  let last = sale.attempts.at(-1)
  if (last?.outcome && ['taken', 'authorized'].includes(last.outcome.money)) {
    const [text, status] = outcome(last.outcome)
    say(text)
    return status
  }
  if (!last || last.outcome) {
    // A new attempt to be paid, so a new id. It goes to disk before it goes to the agent.
    last = {
      payment: `${options.lane}-${options.cart}-${sale.attempts.length + 1}`.replace(/[^A-Za-z0-9._-]/g, '_'),
      body: { cart: options.cart, amount: options.amount, lane: options.lane },
      outcome: null,
    }
    sale.attempts.push(last)
    sale.save()
  } else {
    say(`Going on with payment ${last.payment}, which was interrupted.`)
  }

  try {
    // What the payment will need is made ready. If that cannot be done now, the payment will say so itself.
    await agent.ask('PUT', `/v1/carts/${encodeURIComponent(options.cart)}`, { lane: options.lane })
  } catch {}
  const answer = await follow(agent, last.payment, last.body, Number(options.patience))
  if (answer === null) {
    say('NOT KNOWN YET: run this again')
    return 3
  }
  if (!('state' in answer)) {
    say('NOT PAID: ' + [answer.detail, answer.remedy].filter(Boolean).join(' '))
    sale.attempts.pop()
    sale.save()
    return 1
  }
  // Said first and written down after it: a power cut between the two says it twice, never not at all.
  const [text, status] = outcome(answer)
  say(text)
  last.outcome = answer
  sale.save()
  return status
}

process.exitCode = await main()
