'use strict';

const welcome = `# Welcome. The schema is under the book on the left.
#
# Most of it can be read by anybody. To be somebody, sign in with a mutation and
# put the access token into "Headers" below:
#
#   { "Authorization": "Bearer <token>" }
#
# Ctrl-Enter runs, Ctrl-Space completes.

query Welcome {
  __typename
}
`;

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
    defaultQuery: welcome,
    defaultEditorToolsVisibility: 'headers',
    isHeadersEditorEnabled: true,
    // A token does not belong into the storage of the browser.
    shouldPersistHeaders: false,
  }),
);
