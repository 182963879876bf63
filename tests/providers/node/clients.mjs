// One question by a service's own client, sent to the stand-in at BASE: what it sends is what ours is compared with.
// Run with the installed packages' folder as working directory; the client's name and its values come by environment.
const base = process.env.BASE;
const values = JSON.parse(process.env.VALUES);
const real = globalThis.fetch;

/** Send to the stand-in what was meant for the service, the path kept as it is. */
const redirected = async (input, init) => {
  const url = new URL(typeof input === "string" || input instanceof URL ? input : input.url);
  if (input instanceof Request && !init) {
    // Its body whole, not as a stream: a stand-in reads by the length that is told.
    init = { method: input.method, headers: input.headers, body: (await input.text()) || undefined };
  }
  return real(base + url.pathname + url.search, init ?? input);
};
globalThis.fetch = redirected;

const clients = {
  async pusher() {
    const { default: Pusher } = await import("pusher");
    const { hostname, port } = new URL(base);
    const { app_id: appId, key, secret } = values;
    const pusher = new Pusher({ appId, key, secret, host: hostname, port, useTLS: false });
    const channels = await (await pusher.get({ path: "/channels" })).json();
    const sent = await pusher.trigger("a-channel", "an-event", { said: "hello" });
    return { channels, sent: sent.status };
  },
  async uploadthing() {
    const { UTApi } = await import("uploadthing/server");
    return new UTApi({ token: values.token, fetch: redirected }).getUsageInfo();
  },
  async sentry() {
    const { makeDsn } = await import("@sentry/core");
    return values.dsns.map((text) => {
      const dsn = makeDsn(text);
      return dsn ? [dsn.publicKey, dsn.host, dsn.projectId] : null;
    });
  },
  async posthog() {
    const { PostHog } = await import("posthog-node");
    const posthog = new PostHog(values.key, { host: "https://eu.i.posthog.com", disableGeoip: false });
    const flags = await posthog.getAllFlags("onboard-probe");
    await posthog.shutdown();
    return flags;
  },
  async inngest() {
    const { InngestApi } = await import(`${process.cwd()}/node_modules/inngest/api/api.js`);
    const api = new InngestApi({
      baseUrl: () => base,
      signingKey: () => values.signing,
      signingKeyFallback: () => undefined,
      environment: () => null,
      fetch: () => redirected,
    });
    const answer = await api.req("/v1/events?limit=1");
    return answer.value.status;
  },
  async vercel() {
    const { Vercel } = await import("@vercel/sdk");
    const vercel = new Vercel({ bearerToken: values.token, serverURL: base, retryConfig: { strategy: "none" } });
    const { project: idOrName, org: teamId } = values;
    const said = [];
    const told = async (question) => {
      try {
        said.push(await question);
      } catch (error) {
        // The stand-in's answer has less in it than Vercel's own; what was asked is what counts here.
        if (error.constructor.name !== "ResponseValidationError") throw error;
        said.push(error.rawValue);
      }
    };
    await told(vercel.user.getAuthUser());
    await told(vercel.projects.getProject({ idOrName, teamId }));
    await told(vercel.projects.filterProjectEnvs({ idOrName, teamId }));
    await told(vercel.authentication.getAuthToken({ tokenId: "current" }));
    const body = { name: values.name, expiresAt: values.expires };
    await told(vercel.authentication.createAuthToken({ requestBody: body }));
    await told(vercel.authentication.deleteAuthToken({ tokenId: said.at(-1).token.id }));
    await told(vercel.projects.editProjectEnv({ idOrName, id: values.entry, teamId, requestBody: { value: values.fresh } }));
    return said.length;
  },
  async edge_config() {
    const { createClient } = await import("@vercel/edge-config");
    return createClient(values.url).digest();
  },
  async resend() {
    const { Resend } = await import("resend");
    const resend = new Resend(values.secret);
    const made = await resend.apiKeys.create({ name: "onboard", permission: "full_access" });
    const removed = await resend.apiKeys.remove(made.data.id);
    return { domains: await resend.domains.list(), removed: removed.error };
  },
  async linear() {
    const { LinearClient } = await import("@linear/sdk");
    const client = new LinearClient({ apiKey: values.secret, apiUrl: `${base}/graphql` });
    const viewer = await client.client.request("{ viewer { id name } organization { name urlKey } }");
    return viewer;
  },
  async github() {
    const { Octokit } = await import("@octokit/core");
    const octokit = new Octokit({ auth: values.token, baseUrl: base });
    return (await octokit.request("GET /user")).data.login;
  },
  async twilio() {
    const { default: twilio } = await import("twilio");
    const hosts = [];
    const httpClient = {
      async request({ method, uri, username, password }) {
        hosts.push(new URL(uri).hostname);
        const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
        const answer = await redirected(uri, { method, headers: { authorization } });
        return { statusCode: answer.status, body: await answer.json() };
      },
    };
    const { account, token, region, edge } = values;
    const client = twilio(account, token, { httpClient, region, edge });
    const found = await client.api.v2010.accounts(account).fetch();
    return { status: found.status, hosts };
  },
};

console.log(JSON.stringify(await clients[process.env.CLIENT]()));
