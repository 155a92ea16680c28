// A user looks at the product with a company that lives, and finds in it what was planted (docs/demo.md).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

const bin = process.env.VORONKA_BIN ?? path.resolve('build/voronka');
const english = { ...process.env, LC_ALL: 'en_US.UTF-8' };
const asOf = '2026-11-20';
const end = `${asOf}T12:00:00Z`;
let dir;
const databases = [];

before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'voronka-demo-'));
});
after(() => {
  for (const name of databases) sql(`DROP DATABASE IF EXISTS ${name}`);
  rmSync(dir, { recursive: true, force: true });
});

function sql(text) {
  execFileSync('psql', ['-q', process.env.VORONKA_TEST_PG, '-c', text], { stdio: 'ignore' });
}
// An empty place for data: a directory, or a database where the tests run on PostgreSQL.
function place(name) {
  if (!process.env.VORONKA_TEST_PG) return ['--data', path.join(dir, name)];
  const database = `demo_${process.pid}_${name}`;
  sql(`CREATE DATABASE ${database}`);
  databases.push(database);
  const url = new URL(process.env.VORONKA_TEST_PG.replace('postgresql:///', 'postgresql://none/'));
  url.pathname = `/${database}`;
  return ['--postgres', url.href.replace('postgresql://none/', 'postgresql:///')];
}
const voronka = (...args) => execFileSync(bin, args, { encoding: 'utf8', env: english, maxBuffer: 1 << 26 });
const demo = (where, ...args) => JSON.parse(voronka('demo', ...where, '--as-of', asOf, '--json', ...args));
const conversion = (where, funnel, ...args) =>
  JSON.parse(voronka('report', 'conversion', ...where, '--funnel', funnel, '--as-of', end, '--json', ...args));

test('the demo company: everything is there, once, and the journal agrees with it', () => {
  const where = place('whole');
  const made = demo(where, '--deals', '1200', '--seed', '4');
  assert.equal(made.deals, 1200);
  assert.equal(made.users, 13);
  assert.equal(made.funnels, 9);
  assert.ok(made.events > 9 * 1200, `${made.events} events`);
  voronka('check', ...where);
  const again = spawnSync(bin, ['demo', ...where], { encoding: 'utf8', env: english });
  assert.equal(again.status, 1, 'a database with deals is left alone');
  assert.match(again.stderr, /not empty/);
  assert.equal(spawnSync(bin, ['demo', ...where, '--if-empty']).status, 0);
  assert.deepEqual(demo(place('same'), '--deals', '1200', '--seed', '4'), made, 'same seed, same company');
  assert.notDeepEqual(demo(place('other'), '--deals', '1200', '--seed', '5').planted, made.planted);
});

test('the report finds what was planted: a step that vanished, young deals, a strong seller (R355-R359, R368)', () => {
  const where = place('planted');
  const planted = Object.fromEntries(demo(where, '--deals', '4000').planted.map((p) => [p.id, p]));

  const step = planted.vanished_step;
  const years = conversion(where, step.funnel, '--by', 'year');
  const won = (group) => years.rows.filter((r) => r[0] === group && r[1] === 180).map((r) => r[2])[0];
  assert.ok(Math.abs(won('2025') - step.true_rate_before) < 0.12, `2025: ${won('2025')}`);
  assert.ok(won(step.at.slice(0, 4)) < 0.06, `since ${step.at}: ${won(step.at.slice(0, 4))}`);

  const young = planted.young_campaign;
  const companies = conversion(where, young.funnel).summary;
  assert.equal(companies.deals, young.naive.deals);
  assert.equal(companies.won, young.naive.won);
  assert.ok(companies.naive_rate < young.true_rate - 0.05, `naive ${companies.naive_rate}`);
  assert.ok(Math.abs(companies.mature_rate - young.true_rate) < 0.07, `mature ${companies.mature_rate}`);

  const strong = planted.strong_seller;
  const sellers = conversion(where, strong.funnel, '--by', 'owner').rows.filter((r) => r[1] === 90);
  assert.equal(sellers.length, 3);
  const best = sellers.reduce((a, b) => (a[2] > b[2] ? a : b));
  assert.equal(best[0], strong.seller);
  for (const other of sellers) if (other !== best) assert.ok(best[3] > other[4], 'her interval lies above the others');
});

test('money and beliefs have something to show: rates, ways of clients, sellers who hope for too much (R195, R320, R321)', () => {
  const where = place('money');
  demo(where, '--deals', '2000');
  const report = (id, ...args) => JSON.parse(voronka('report', id, ...where, '--as-of', end, '--json', ...args));
  const ltv = report('ltv');
  assert.ok(!ltv.notes.some((n) => n.code === 'currency_unknown'), 'every currency has a rate');
  assert.ok(ltv.notes.some((n) => n.code === 'currency_converted'));
  const credit = (model) => report('sources', '--model', model).rows.map((r) => JSON.stringify(r)).join();
  assert.notEqual(credit('first'), credit('last'));
  assert.notEqual(credit('linear'), credit('last'));
  const judged = report('calibration').summary;
  assert.ok(judged.seller_cases > 100, `${judged.seller_cases} cases`);
  assert.ok(judged.seller_brier > judged.model_brier + 0.03, 'what sellers hope is worse than what the history says');
});

test('plans, answers and programmes have something to show', () => {
  const where = place('shown');
  demo(where, '--deals', '1500');
  const report = (id, ...args) => JSON.parse(voronka('report', id, ...where, '--as-of', end, '--json', ...args));
  const plans = report('plan_fact');
  assert.ok(plans.rows.length > 8 && plans.summary.plans_reached < plans.summary.plans, JSON.stringify(plans.summary));
  const answers = report('first_response', '--from', '2026-01-01', '--to', asOf);
  const late = answers.rows.map((r) => Object.fromEntries(answers.columns.map((c, i) => [c.id, r[i]])));
  assert.ok(late.length >= 4, 'every seller of private clients answers leads');
  const change = report('before_after');
  assert.ok(change.rows.length > 0 || change.notes.length > 0);
});

test('what the command is asked for is checked', () => {
  const misused = (...args) => {
    const r = spawnSync(bin, ['demo', '--data', path.join(dir, 'none'), ...args], { encoding: 'utf8', env: english });
    assert.equal(r.status, 2, args.join(' '));
    return r.stderr;
  };
  assert.match(misused('--deals', '0'), /--deals/);
  assert.match(misused('--deals', 'many'), /whole number/);
  assert.match(misused('--as-of', 'yesterday'), /--as-of/);
  assert.match(misused('--colour', 'red'), /not known/);
});
