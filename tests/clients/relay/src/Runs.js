// An application as Relay sees it: a page with a list that is paged, one run that is fetched again by its id, a
// mutation that puts what it made into the list, a subscription.

import { graphql } from 'react-relay';

export const page = graphql`
  query RunsPageQuery($count: Int!) {
    dbProfiles {
      id
      name
    }
    ...Runs_list @arguments(count: $count)
  }
`;

export const list = graphql`
  fragment Runs_list on Query
  @refetchable(queryName: "RunsListPaginationQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }) {
    runs(first: $count, after: $cursor) @connection(key: "Runs_runs") {
      __id
      totalCount
      edges {
        node {
          ...Runs_run
        }
      }
    }
  }
`;

export const run = graphql`
  fragment Runs_run on Run @refetchable(queryName: "RunRefetchQuery") {
    id
    number
    status
    progress {
      done
      total
    }
  }
`;

export const start = graphql`
  mutation RunsStartRunMutation($input: StartRunInput!) {
    startRun(input: $input) {
      runs {
        ...Runs_run
      }
    }
  }
`;

export const watch = graphql`
  subscription RunsRunProgressSubscription($run: ID!, $after: Int) {
    runProgress(runId: $run, after: $after) {
      sequence
      type
      run {
        ...Runs_run
      }
    }
  }
`;
