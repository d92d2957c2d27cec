import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const NAME = 'only-these';
const VERSION = 0;
const NOTHING = Buffer.alloc(0);

/** For a group of one, which takes the partitions that it wants and no others; all where none are named. */
export function onlyThese(partitions?: readonly number[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: NOTHING }),
    }),
    assign: async ({ members, topics }) =>
      members.map(({ memberId }, index) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: Object.fromEntries(
            // a second member is one of ours that the broker has not given up yet
            index > 0 ? [] : topics.map((topic) => [topic, wantedOf(cluster, topic, partitions)]),
          ),
          userData: NOTHING,
        }),
      })),
  });
}

function wantedOf(
  cluster: Parameters<PartitionAssigner>[0]['cluster'],
  topic: string,
  wanted?: readonly number[],
): number[] {
  const all = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  return wanted ? all.filter((partition) => wanted.includes(partition)) : all;
}
