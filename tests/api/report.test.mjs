// The head of sales reads an honest conversion of real history: imported by the CLI, read by the CLI (R012, R038, R216, R232, R346, R353, R356-R358).
// Expected figures were computed with R; where ../shared is absent those scenarios are skipped, and say so.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

const bin = process.env.VORONKA_BIN ?? path.resolve('build/voronka');
const shared = process.env.VORONKA_SHARED ?? path.resolve('../shared');
const expected = path.join(shared, 'data/expected');
const skip = existsSync(expected) ? false : `no ${expected} (set VORONKA_SHARED)`;
const english = { ...process.env, LC_ALL: 'en_US.UTF-8' };

let dir;
before(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'voronka-report-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

const voronka = (...args) => execFileSync(bin, args, { encoding: 'utf8', env: english, maxBuffer: 1 << 26 });
const report = (place, ...args) => JSON.parse(voronka('report', 'conversion', ...place, '--json', ...args));
const near = (got, want, what) => assert.ok(Math.abs(got - want) <= 1e-9, `${what}: got ${got}, want ${want}`);
const notes = (r) => r.notes.map((n) => n.code);

// A deal a row (created, outcome, closed) becomes an event a row, as anybody would write it for an import.
function seedLog() {
  const rows = readFileSync(path.join(expected, 'seed003_fixture.csv'), 'utf8').trim().split(/\r?\n/).slice(1);
  const log = ['deal_id,stage,date'];
  for (const row of rows) {
    const [id, created, outcome, closed] = row.split(',');
    log.push(`${id},entered,${created}`);
    if (outcome !== 'open') log.push(`${id},${outcome},${closed}`);
  }
  const file = path.join(dir, 'seed003.csv');
  writeFileSync(file, log.join('\n') + '\n');
  return file;
}

function importSeed(place) {
  voronka('import', ...place, '--events', seedLog(), '--funnel', 'Case 003', '--case', 'deal_id', '--stage', 'stage',
    '--at', 'date', '--won', 'won', '--lost', 'lost');
}

function theConsultantsCase(place) {
  const known = JSON.parse(readFileSync(path.join(expected, 'known_values.json'), 'utf8')).seed003;
  const funnel = ['--funnel', 'Case 003', '--as-of', '2018-12-01'];
  const all = report(place, ...funnel);
  assert.equal(all.id, 'conversion');
  assert.deepEqual(all.columns.map((c) => c.id), ['horizon_days', 'won_rate', 'won_low', 'won_high', 'lost_rate', 'at_risk']);
  assert.deepEqual(all.rows.map((r) => r[0]), [30, 60, 90, 180]);
  assert.equal(all.summary.deals, known.n);
  assert.equal(all.summary.won, known.won);
  near(all.summary.naive_rate, 1 / 50, '50 to 1');
  assert.equal(all.summary.mature_days, known.mature_days);
  assert.equal(all.summary.mature_deals, known.n_mature);
  assert.equal(all.summary.mature_won, known.won_mature);
  near(all.summary.mature_rate, 1 / 17, '17 to 1');
  for (const [days, f] of Object.entries(known.AJ_F1_pooled)) {
    const row = all.rows.find((r) => r[0] === Number(days));
    if (row) near(row[1], f, `won by day ${days}`);
  }
  const byYear = report(place, ...funnel, '--by', 'year');
  assert.equal(byYear.columns[0].id, 'group');
  assert.equal(byYear.rows.length, 8);
  assert.deepEqual(byYear.summary.groups.map((g) => [g.group, g.mature_won, g.mature_deals]),
    [['2017', ...known.cohort2017.slice(0, 2)], ['2018', ...known.cohort2018.slice(0, 2)]]);
  assert.ok(notes(byYear).includes('difference'), 'the break is more than chance');
  for (const [from, to, cohort] of [['2017-01-01', '2017-12-31', known.cohort2017], ['2018-01-01', '2018-12-31', known.cohort2018]]) {
    const year = report(place, ...funnel, '--from', from, '--to', to);
    assert.equal(year.summary.mature_won, cohort[0]);
    assert.equal(year.summary.mature_deals, cohort[1]);
    near(year.summary.mature_rate, cohort[2], `entered ${from}`);
  }
  const quarters = report(place, ...funnel, '--by', 'quarter').summary.groups.filter((g) => g.mature_deals > 0);
  assert.deepEqual(quarters.map((q) => [q.mature_won, q.mature_deals]), known.won_by_q.map((k, i) => [k, known.n_by_q[i]]));
}

test('the consultant finds 50 to 1 naive, 17 to 1 mature, 42 % against 2 % by year of entry', { skip }, () => {
  const place = ['--data', path.join(dir, 'seed')];
  importSeed(place);
  theConsultantsCase(place);
  assert.equal(report(place, '--funnel', 'Case 003').summary.mature_deals, 238, 'old history needs no --as-of');
});

const pg = process.env.VORONKA_TEST_PG;
test('the same figures come out of PostgreSQL', { skip: skip || (pg ? false : 'no VORONKA_TEST_PG') }, () => {
  const url = new URL(pg);
  const name = `report_${process.pid}`;
  execFileSync('psql', ['-q', pg, '-c', `CREATE DATABASE ${name}`]);
  url.pathname = `/${name}`;
  const place = ['--postgres', url.toString()];
  try {
    importSeed(place);
    theConsultantsCase(place);
  } finally {
    execFileSync('psql', ['-q', pg, '-c', `DROP DATABASE ${name}`]);
  }
});

test('the loan applications of 2012 give the published incidence to nine digits', { skip, timeout: 300000 }, () => {
  const want = JSON.parse(readFileSync(path.join(expected, 'bpic2012.json'), 'utf8'));
  const place = ['--data', path.join(dir, 'bpic')];
  voronka('import', ...place, '--events', path.join(shared, 'data/bpic2012/financial_log.csv.gz'), '--funnel', 'Loans',
    '--case', 'case:concept:name', '--stage', 'concept:name', '--at', 'time:timestamp', '--user', 'org:resource',
    '--won', 'A_APPROVED', 'A_REGISTERED', 'A_ACTIVATED', '--lost', 'A_DECLINED', 'A_CANCELLED');
  for (const asOf of [[], ['--as-of', new Date(want.as_of_ms).toISOString()]]) {
    const r = report(place, '--funnel', 'Loans', ...asOf);
    assert.equal(r.params.as_of, want.as_of_ms);
    assert.deepEqual([r.summary.deals, r.summary.won, r.summary.lost, r.summary.open], [13087, 2246, 10442, 399]);
    near(r.summary.naive_rate, want.conversion.won_over_all.rate, 'naive');
    near(r.summary.naive_low, want.conversion.won_over_all.wilson95[0], 'naive low');
    near(r.summary.naive_high, want.conversion.won_over_all.wilson95[1], 'naive high');
    for (const [days, won, low, high, lost, atRisk] of r.rows) {
      const at = want.AJ.horizons[days];
      near(won, at.F1, `won by ${days}`);
      near(low, at.ci95_loglog_F1[0], `low by ${days}`);
      near(high, at.ci95_loglog_F1[1], `high by ${days}`);
      near(lost, at.F2 + at.F3, `lost by ${days}`);
      assert.equal(atRisk, at.n_risk_after);
    }
    near(r.summary.plateau_won, want.AJ.plateau.F1, 'plateau');
    for (const step of want.funnel)
      assert.equal(r.summary.steps.find((s) => s.stage === step.stage).deals, step.reached_any_order, step.stage);
    const first = r.summary.transitions.find((t) => t.from === 'A_SUBMITTED' && t.to === 'A_PARTLYSUBMITTED');
    assert.deepEqual([first.deals, first.moves], [13087, 13087]);
  }
  const months = report(place, '--funnel', 'Loans', '--by', 'month');
  assert.deepEqual(months.summary.groups.map((g) => [g.group, g.deals, g.won, g.lost, g.open, g.mature_deals, g.mature_won]),
    want.cohorts_by_submit_month.map((c) => [c.cohort, c.n, c.won, c.lost, c.open, c.n_mature, c.won_mature]));
  for (const c of want.cohorts_by_submit_month)
    near(months.rows.find((r) => r[0] === c.cohort && r[1] === 30)[2], c.AJ_F1_at_30, `${c.cohort} by day 30`);
  const young = months.rows.find((r) => r[0] === '2012-02' && r[1] === 90);
  assert.deepEqual(young.slice(2, 6), [null, null, null, null], 'too early to tell');
  assert.ok(notes(months).includes('groups_beyond_follow_up'));

  // What would the report have said at the end of January, and was it right?
  const then = want.backtest_2012_01_31_h30.pooled;
  const january = report(place, '--funnel', 'Loans', '--as-of', '2012-02-01');
  assert.equal(january.summary.deals, then.n);
  near(january.summary.naive_rate, then.naive, 'naive at the end of January');
  assert.equal(january.summary.mature_deals, then.n_mature);
  near(january.rows[0][1], then.AJ_F1, 'won by day 30 as seen in January');
});

test('forgotten deals and a history that begins in the middle are told, not hidden', { skip }, () => {
  const known = JSON.parse(readFileSync(path.join(expected, 'known_values.json'), 'utf8')).age_conditioned_maven;
  const [head, ...rows] = readFileSync(path.join(shared, 'data/maven/sales_pipeline.csv'), 'utf8').trim().split(/\r?\n/);
  const at = Object.fromEntries(head.replace('\ufeff', '').split(',').map((name, i) => [name, i]));
  const log = ['deal,stage,at'];
  for (const row of rows.map((r) => r.split(','))) {
    const [deal, began, closed, stage] = ['opportunity_id', 'engage_date', 'close_date', 'deal_stage'].map((c) => row[at[c]]);
    if (began) log.push(`${deal},Engaging,${began}`);
    if (closed) log.push(`${deal},${stage},${closed}`);
  }
  const file = path.join(dir, 'maven.csv');
  const place = ['--data', path.join(dir, 'maven')];
  writeFileSync(file, log.join('\n') + '\n');
  voronka('import', ...place, '--events', file, '--funnel', 'Hardware', '--case', 'deal', '--stage', 'stage', '--at', 'at',
    '--won', 'Won', '--lost', 'Lost');
  const r = report(place, '--funnel', 'Hardware', '--as-of', '2017-12-31');
  for (const { h, p_win, p_lose } of known.filter((k) => k.age === 0)) {
    const row = r.rows.find((x) => x[0] === h);
    near(row[1], p_win, `won by ${h}`);
    near(row[4], p_lose, `lost by ${h}`);
  }
  assert.match(r.notes.find((n) => n.code === 'zombies').text, /1291/);
  assert.match(r.notes.find((n) => n.code === 'left_truncation').text, /2017-03-01/);
});

test('asked wrongly, the command says what is wrong', () => {
  const log = path.join(dir, 'one.csv');
  const place = ['--data', path.join(dir, 'one')];
  writeFileSync(log, 'deal,stage,at\n1,new,2024-01-01\n1,won,2024-01-05\n');
  voronka('import', ...place, '--events', log, '--funnel', 'One', '--case', 'deal', '--stage', 'stage', '--at', 'at', '--won', 'won');
  const run = (...args) => spawnSync(bin, ['report', ...args], { encoding: 'utf8', env: english });
  for (const [args, status, said] of [
    [['conversion', ...place, '--funnel', 'Two'], 1, /Two/],
    [['conversion', ...place, '--funnel', 'One', '--by', 'moon'], 1, /moon/],
    [['conversion', ...place, '--funnel', 'One', '--as-of', 'soon'], 1, /soon/],
    [['conversion', ...place, '--funnel', 'One', '--speed', '5'], 2, /--speed/],
    [['nonsense', ...place], 2, /nonsense/],
    [['conversion', '--data', path.join(dir, 'nowhere'), '--funnel', 'One'], 1, /nowhere/],
  ]) {
    const r = run(...args);
    assert.equal(r.status, status, args.join(' '));
    assert.match(r.stderr, said);
    assert.equal(r.stdout, '');
  }
  assert.ok(!existsSync(path.join(dir, 'nowhere')), 'reading creates nothing');
  const list = JSON.parse(run('--list', '--json').stdout);
  assert.ok(list.some((r) => r.id === 'conversion' && r.question && r.params.some((p) => p.name === 'by')));
  assert.match(voronka('report', 'conversion', ...place, '--funnel', 'One'), /Naive conversion +100\.0%/);
});

// A server on a free port, and somebody signed in: call(method, path, body) gives { status, body }.
async function serve(place) {
  const server = spawn(bin, ['serve', ...place, '--port', '0'], {
    env: { ...english, VORONKA_ADMIN_PASSWORD: 'report-test-1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  while (!/http:\/\/\S+/.test(said)) said += (await once(server.stdout, 'data'))[0];
  const base = said.match(/http:\/\/\S+/)[0];
  const headers = { 'Content-Type': 'application/json', 'Accept-Language': 'en' };
  const call = async (method, where, body) => {
    const r = await fetch(base + where, { method, headers, body: body && JSON.stringify(body) });
    if (r.headers.get('set-cookie')) headers.Cookie = r.headers.get('set-cookie').split(';')[0];
    return { status: r.status, body: r.status === 204 ? null : await r.json() };
  };
  const session = await call('POST', '/api/session', { email: 'admin@voronka.local', password: 'report-test-1' });
  assert.equal(session.status, 200);
  headers['X-CSRF-Token'] = session.body.csrf;
  const stop = async () => {
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  return { call, stop, headers };
}

async function whoeverWinsADealSeesItInTheReport(place) {
  const { call, stop, headers } = await serve(place);
  try {
    const made = async (where, body) => {
      const r = await call('POST', where, body);
      assert.equal(r.status, 201, JSON.stringify(r.body));
      return r.body.id;
    };
    const funnel = await made('/api/funnels', { name: 'Courses' });
    const stage = (name, outcome) => made('/api/stages', { funnel_id: funnel, name, outcome });
    const [fresh, talks, won] = [await stage('New', 'open'), await stage('Talks', 'open'), await stage('Won', 'won')];
    const show = async (more = '') => (await call('GET', `/api/reports/conversion?funnel_id=${funnel}${more}`)).body;
    assert.equal((await show()).summary.deals, 0);
    const deals = [];
    for (const title of ['One', 'Two', 'Three']) deals.push(await made('/api/deals', { title, funnel_id: funnel, stage_id: fresh }));
    for (const to of [talks, fresh, talks, won]) assert.equal((await call('PATCH', `/api/deals/${deals[0]}`, { stage_id: to, move_reason: 'the client thinks' })).status, 200);
    let r = await show();
    assert.deepEqual([r.summary.deals, r.summary.won, r.summary.open], [3, 1, 2]);
    near(r.summary.naive_rate, 1 / 3, 'naive');
    assert.equal(r.summary.mature_deals, 0);
    assert.equal(r.summary.mature_rate, null, 'nothing is old enough to tell');
    const moves = Object.fromEntries(r.summary.transitions.map((t) => [`${t.from}>${t.to}`, [t.deals, t.moves, t.kind]]));
    assert.deepEqual(moves, { 'New>Talks': [1, 2, 'forward'], 'Talks>New': [1, 1, 'back'], 'Talks>Won': [1, 1, 'won'] });
    await everyNumberLeadsToItsDeals(call, funnel, deals);
    assert.equal((await call('DELETE', `/api/deals/${deals[2]}`)).status, 204);
    r = await show('&by=owner&filter=' + encodeURIComponent('title ~ "two"'));
    assert.equal(r.summary.deals, 1);
    assert.ok(notes(r).includes('deleted') && notes(r).includes('filtered_out'));
    for (const [query, code, field] of [['by=moon', 'bad_param', 'by'], ['filter=owner_id+%3D', 'bad_filter', 'filter'], ['as_of=x', 'bad_param', 'as_of']]) {
      const bad = await call('GET', `/api/reports/conversion?funnel_id=${funnel}&${query}`);
      assert.deepEqual([bad.status, bad.body.code, bad.body.field], [400, code, field]);
    }
    assert.equal((await call('GET', '/api/reports/conversion?funnel_id=99999')).status, 404);
    assert.ok((await call('GET', '/api/reports')).body.some((r) => r.id === 'conversion'));
    delete headers.Cookie;
    assert.equal((await call('GET', '/api/reports/conversion?funnel_id=1')).status, 401, 'reports are for those who signed in');
  } finally {
    await stop();
  }
}

// One won, two open: behind each number stand exactly those (R347).
async function everyNumberLeadsToItsDeals(call, funnel, [one, two, three]) {
  const behind = async (query) => {
    const r = await call('GET', `/api/reports/conversion/deals?funnel_id=${funnel}&${query}`);
    return r.status === 200 ? r.body.items.map((d) => d.id) : r.body.code;
  };
  const table = (r, id) => r.tables.find((t) => t.id === id);
  const plain = (await call('GET', `/api/reports/conversion?funnel_id=${funnel}`)).body;
  assert.deepEqual(plain.summary_drill, ['deals', 'won', 'lost', 'open', 'mature_deals', 'mature_won']);
  for (const [column, ids] of [['deals', [one, two, three]], ['won', [one]], ['lost', []], ['open', [two, three]], ['mature_deals', []]])
    assert.deepEqual(await behind(`table=summary&column=${column}`), ids, column);
  assert.deepEqual(await behind(`table=rows&row=${plain.keys[0]}&column=at_risk`), [], 'nobody has been watched for a month');
  const steps = plain.summary.steps.map((s) => s.stage);
  const step = (name, column) => behind(`table=steps&row=${table(plain, 'steps').keys[steps.indexOf(name)]}&column=${column}`);
  assert.deepEqual([await step('New', 'deals'), await step('New', 'went_on')], [[one, two, three], [one]]);
  const back = plain.summary.transitions.findIndex((t) => t.kind === 'back');
  assert.deepEqual(await behind(`table=transitions&row=${table(plain, 'transitions').keys[back]}&column=moves`), [one]);
  assert.equal((await behind(`table=curve&row=${table(plain, 'curve').keys[0]}&column=at_risk`)).length, plain.summary.curve[0].at_risk);
  const grouped = (await call('GET', `/api/reports/conversion?funnel_id=${funnel}&by=status&mature_days=1`)).body;
  const groups = grouped.summary.groups.map((g) => g.group);
  assert.deepEqual(grouped.summary.groups.map((g) => g.deals), [2, 1], 'by any attribute');
  assert.deepEqual(await behind(`by=status&table=groups&row=${table(grouped, 'groups').keys[0]}&column=open`), [two, three], groups[0]);
  assert.deepEqual(await behind(`by=status&table=rows&row=${grouped.keys[4]}&column=won`), [one], groups[1]);
  assert.equal(await behind('table=groups&row=77&column=won'), 'report_number_not_found');
  const year = (await call('GET', `/api/reports/conversion?funnel_id=${funnel}&from=2026-01-01&to=2126-01-01&compare=year&definition=current`)).body;
  assert.deepEqual([year.summary.deals, year.params.definition], [3, 'current']);
  assert.ok('naive_rate' in year.comparison.summary, 'the same of a year earlier');
}

test('whoever wins a deal sees it in the report at once', () =>
  whoeverWinsADealSeesItInTheReport(['--data', path.join(dir, 'served')]));

test('the same on PostgreSQL', { skip: pg ? false : 'no VORONKA_TEST_PG' }, async () => {
  const url = new URL(pg);
  const name = `report_served_${process.pid}`;
  execFileSync('psql', ['-q', pg, '-c', `CREATE DATABASE ${name}`]);
  url.pathname = `/${name}`;
  try {
    await whoeverWinsADealSeesItInTheReport(['--postgres', url.toString()]);
  } finally {
    execFileSync('psql', ['-q', pg, '-c', `DROP DATABASE ${name} WITH (FORCE)`]);
  }
});
