// Goal: the policy table and the routes say the same of each other, or no process starts; the document says it too.
import assert from 'node:assert/strict';
import { securityOf, policySentences } from './openapi/security.ts';
import { checkPolicies, leastOf, POLICIES, policyOf, standingOf } from './policy.ts';
import { routesOf } from './registry.ts';
import { route } from './route.ts';

const stranger = route({
  service: 'expense',
  method: 'get',
  path: '/v1/nobody-thought-of-it',
  operationId: 'nobodyThoughtOfIt',
  tag: 'groups',
  summary: 'x',
  answers: {},
  handle: () => Promise.resolve({ status: 200 }),
});

describe('the policy table', () => {
  it('and the routes, fit each other', () => {
    assert.doesNotThrow(() => checkPolicies(routesOf()));
  });

  it('a route without a policy, does not start', () => {
    assert.throws(() => checkPolicies([...routesOf(), stranger]), /nobodyThoughtOfIt has no policy/);
  });

  it('a name that every object has, is no policy', () => {
    for (const operationId of ['constructor', '__proto__', 'toString']) assert.throws(() => policyOf({ operationId }), /has no policy/);
  });

  it('a route that takes what it asks from the table, cannot be declared without a row', () => {
    const access = (): never => assert.fail('was asked without a policy');
    assert.throws(() => route({ ...stranger, access }), /nobodyThoughtOfIt has no policy/);
  });

  it('a row without a route, does not start', () => {
    assert.throws(
      () => checkPolicies(routesOf().filter(({ operationId }) => operationId !== 'getGroup')),
      /no route has the policies of getGroup/,
    );
  });

  it('a route that loads something else than its row is about, does not start', () => {
    const others = routesOf().map((one) => (one.operationId === 'getExpense' ? { ...stranger, operationId: 'getExpense' } : one));
    assert.throws(() => checkPolicies(others), /getExpense loads nothing, its policy is about expense/);
  });

  it('what is not of a group, has no standing to ask for', () => {
    for (const operationId of ['getMe', 'endSession']) {
      assert.throws(() => standingOf(policyOf({ operationId })), /no standing/);
      assert.throws(() => leastOf(policyOf({ operationId })), /no role/);
    }
  });

  it('acts by a platform role, are for sign-ins only', () => {
    for (const [name, { caller, scope }] of Object.entries(POLICIES))
      if (caller !== 'anyone' && caller !== 'user') assert.equal(scope, 'session', name);
  });
});

describe('the document, of a policy', () => {
  const of = (operationId: string): [unknown, string] => [
    securityOf(policyOf({ operationId })),
    policySentences(policyOf({ operationId })).join(' '),
  ];

  it('anyone, needs nothing', () => {
    assert.deepEqual(of('login'), [[], '']);
  });

  it('a scope, is offered to tokens and to applications', () => {
    const [security, words] = of('updateExpense');
    assert.deepEqual(security, [{ bearer: [] }, { oauth2: ['expenses:write'] }]);
    assert.match(words, /`expenses:write`.*`editor`.*creator.*The group has to be active\./);
  });

  it('a sign-in, is offered to no application', () => {
    assert.deepEqual(of('createToken'), [[{ bearer: [] }], 'Only for a sign-in, never for a token.']);
  });

  it('a platform role, is named with its log', () => {
    assert.match(of('listAudit')[1], /platform role `support`; every call is in the audit log/);
  });
});
