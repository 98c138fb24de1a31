// Stays subscribed to one variable through losses of the connection, as node-opcua and what is built
// on it (Node-RED's nodes) do by themselves. Writes one JSON object per line: every change, every
// loss and return, and how many requests were sent, when a line comes in.
// Arguments: endpoint, folder for certificates, node id.
import {
  AttributeIds,
  ClientMonitoredItem,
  ClientSubscription,
  OPCUAClient,
  TimestampsToReturn,
} from "node-opcua-client";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";

const [endpoint, pki, nodeId] = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const client = OPCUAClient.create({
  applicationUri: "urn:tests:scada",
  endpointMustExist: false,
  keepSessionAlive: true,
  connectionStrategy: { maxRetry: -1, initialDelay: 100, maxDelay: 500 },
  clientCertificateManager: new OPCUACertificateManager({
    rootFolder: pki,
    automaticallyAcceptUnknownCertificate: true,
  }),
});
let sent = 0;
client.on("send_request", () => (sent += 1));
client.on("connection_lost", () => say({ kind: "lost" }));
client.on("connection_reestablished", () => say({ kind: "back" }));
await client.connect(endpoint);
const session = await client.createSession();
const subscription = ClientSubscription.create(session, {
  requestedPublishingInterval: 100,
  requestedLifetimeCount: 1000,
  requestedMaxKeepAliveCount: 10,
  maxNotificationsPerPublish: 100,
  publishingEnabled: true,
});
const item = ClientMonitoredItem.create(
  subscription,
  { nodeId, attributeId: AttributeIds.Value },
  { samplingInterval: 0, queueSize: 10, discardOldest: true },
  TimestampsToReturn.Both,
);
item.on("changed", (change) => say({ kind: "change", value: change.value?.value ?? null }));

process.stdin.on("data", async (line) => {
  if (line.toString().trim() !== "end") {
    say({ kind: "sent", count: sent });
    return;
  }
  await subscription.terminate();
  await session.close();
  await client.disconnect();
  process.exit(0);
});
