// A client of go_api in the way of the one that the API's document prints: its names, and its calls of `axios`.
//
// Usage: go_api.js BASE_URL APP_ID APP_SECRET, which prints the outcome of a journey as one JSON object.

const axios = require('axios');

class GoAPIClient {
  constructor(baseURL, appId, appSecret) {
    Object.assign(this, { baseURL, appId, appSecret, token: null });
  }

  async authenticate() {
    const credentials = new URLSearchParams({ app_id: this.appId, app_secret: this.appSecret });
    const { data: reply } = await axios.post(`${this.baseURL}/go-api/external/service/auth/token`, credentials);
    // Whether a call succeeded is a matter of the code; axios would throw at any HTTP status but 2xx.
    if (reply.code !== 0) throw new Error('Authentication failed');
    this.token = reply.data.token;
    return this.token;
  }

  async createApp(appData) {
    if (!this.token) await this.authenticate();
    const headers = { 'Authorization': `Bearer ${this.token}`, 'Content-Type': 'application/json' };
    const { data } = await axios.post(`${this.baseURL}/go-api/external/service/auth/app`, appData, { headers });
    return data;
  }
}

async function main(baseURL, appId, appSecret) {
  const client = new GoAPIClient(baseURL, appId, appSecret);
  const app = {
    app_name: '我的应用 by axios',
    description: '应用描述',
    redirect_uri: 'https://example.com/callback',
  };
  // The first call logs in by itself.
  const created = await client.createApp(app);
  const taken = await client.createApp(app);
  const nameless = await client.createApp({ app_name: '' });
  client.token = 'not-a-token';
  const forged = await client.createApp(app);
  // The new application's own credentials are good, too.
  const token = await new GoAPIClient(baseURL, created.data.app_id, created.data.app_secret).authenticate();
  const refused = await new GoAPIClient(baseURL, appId, 'wrong').authenticate().catch((error) => error.message);
  console.log(JSON.stringify({ created, taken, nameless, forged, token, refused }));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
