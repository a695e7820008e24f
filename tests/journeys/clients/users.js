// A client of edge_gateway and coeus_gateway in the way of the calls that their documents print, with `axios`.
//
// Usage: users.js BASE_URL USER PASSWORD, which prints the outcome of a journey as one JSON object.

const { createHash } = require('node:crypto');
const axios = require('axios');

async function main(baseUrl, user, password) {
  const [openapi, api] = [`${baseUrl}/v1.0/openapi`, `${baseUrl}/api/v1`];
  const digest = createHash('md5').update(password).digest('hex');
  const seen = {};

  seen.login = (await axios.post(`${openapi}/auth/login`, { username: user, password })).data;
  const pair = seen.login.result;
  seen.refreshed = (await axios.post(`${openapi}/token/${pair.refresh_token}`)).data;
  const product = (token) => axios.get(`${openapi}/createProduct`, { headers: { 'x-token': token } });
  seen.product = (await product(pair.access_token)).data;
  seen.refused = (await product('ABCDEFJ....')).data;

  seen.entered = (await axios.post(`${api}/login`, { user_name: user, password: digest })).data;
  const headers = { Authorization: seen.entered.data.auth_token };
  // axios takes every status but 2xx for an error; the envelope is in its response.
  const call = (path, body) =>
    axios.post(`${api}/${path}`, body, { headers }).then((reply) => reply.data, (error) => error.response.data);

  seen.created = await call('project/create', { project_type: 1, project_name: '我的ChatGPT项目' });
  seen.listed = await call('project/list', { page_no: 0, page_size: 20 });
  seen.deleted = await call('project/delete', { id: seen.listed.data.list[0].id });
  seen.left = await call('platform/logout', {});
  seen.gone = await call('platform/logout', {});
  console.log(JSON.stringify(seen));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
