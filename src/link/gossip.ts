/** Gossip among relays over gossipsub, unsigned (what travels is signed by itself) and judged before it is passed on. For Node alone. */
import type { GossipSub, GossipsubOpts, Message } from '@libp2p/gossipsub';
import { TopicValidatorResult } from '@libp2p/gossipsub';
import { createHash } from 'node:crypto';
import type { Counters } from '../base/index.ts';
import type { Gossip } from './libp2p.ts';
import type { Verdict } from './link.ts';

const MAX_MESSAGE = 1 << 16;
/** Messages rejected from one neighbour before it is sent away. */
const MAX_REJECTED = 8;

/** gossipsub's settings for a network in which nobody is known by what he gossips, and many relays may share one host. */
export function gossipOptions(topics: readonly string[]): Partial<GossipsubOpts> {
  return {
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: (message: Message) => createHash('sha256').update(message.topic).update(message.data).digest(),
    allowedTopics: [...topics],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    fallbackToFloodsub: false,
    doPX: false,
    maxInboundDataLength: MAX_MESSAGE,
    maxOutboundBufferSize: 1 << 22,
    maxInboundStreams: 1,
    maxOutboundStreams: 1,
    decodeRpcLimits: {
      maxSubscriptions: 16,
      maxMessages: 64,
      maxIhaveMessageIDs: 512,
      maxIwantMessageIDs: 512,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 64,
      maxPeerInfos: 0,
    },
    scoreParams: { IPColocationFactorWeight: 0, retainScore: 60_000 },
  };
}

const results: Record<Verdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

/** `dismiss` closes the connections to a neighbour, by PeerId. */
export function gossipOver(service: GossipSub, counters: Counters, dismiss: (peer: string) => void): Gossip {
  const rejected = new Map<string, number>();
  const judge = (peer: string, verdict: Verdict): TopicValidatorResult => {
    counters.count(`gossip-${verdict}`);
    if (verdict === 'reject') {
      const soFar = (rejected.get(peer) ?? 0) + 1;
      if (rejected.size < 4096) rejected.set(peer, soFar);
      if (soFar >= MAX_REJECTED) {
        rejected.delete(peer);
        dismiss(peer);
      }
    }
    return results[verdict];
  };
  return {
    publish(topic, data) {
      service.publish(topic, data).catch(() => counters.count('gossip-unsent'));
    },
    subscribe(topic, receive, joined) {
      service.topicValidators.set(topic, (peer, message) => judge(peer.toString(), receive(new Uint8Array(message.data))));
      service.addEventListener('subscription-change', ({ detail }) => {
        if (detail.subscriptions.some((change) => change.topic === topic && change.subscribe)) joined?.();
      });
      service.subscribe(topic);
    },
  };
}
