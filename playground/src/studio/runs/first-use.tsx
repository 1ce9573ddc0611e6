// The empty list of a fresh start: one click describes the demo database, another adds a database.

import { Button } from '@mantine/core';
import { Play } from 'lucide-react';
import { Link, useNavigate } from 'react-router';
import { useMutation, useQuery } from 'urql';

import { DemoProfileDocument, StartDemoDocument } from '../api/operations';
import { Action } from '../ui/action';
import { Empty, Failure } from '../ui/states';

export function FirstUse() {
  const [{ data }] = useQuery({ query: DemoProfileDocument });
  const [{ error, fetching }, start] = useMutation(StartDemoDocument);
  const navigate = useNavigate();
  const demo = data?.dbProfiles.find(({ name }) => name === 'demo');
  if (!demo) {
    return (
      <Empty title="No runs yet." action={<Link to="/runs/new">Start the first run</Link>}>
        A run walks the tables and columns of a database and suggests a description for each. Add your database on the{' '}
        <Link to="/databases?form=new">Databases page</Link> first.
      </Empty>
    );
  }
  const begin = async () => {
    const { data: started } = await start({ dbProfileId: demo.id });
    const run = started?.startRun.runs[0];
    if (run) {
      navigate(`/runs/${run.number}`);
    }
  };
  return (
    <Empty
      title="Describe your first database."
      action={
        <>
          {error && <Failure error={error} />}
          <Action
            size="sm"
            busy={fetching}
            onClick={begin}
            leftSection={<Play size={16} strokeWidth={1.75} aria-hidden />}
          >
            Describe the demo database
          </Action>
          <Button component={Link} to="/databases?form=new" variant="default" size="sm">
            Add your own database
          </Button>
        </>
      }
    >
      Gloss reads the demo shop's tables and columns and suggests a description for each: with the builtin describer, so
      nothing leaves this machine and it costs nothing. Watch it live, then accept, edit or skip each suggestion.
      Nothing is written to the database until you press Apply.
    </Empty>
  );
}
