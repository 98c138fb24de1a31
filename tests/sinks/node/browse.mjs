// Looks at a server as a dashboard does that knows OPC 40001-1 but not our node ids: finds machines,
// their identification and state by type, then subscribes to everything that has a unit.
// Writes one JSON object per line. Arguments: endpoint, folder for certificates, and for a secured
// server a JSON object {certificate, key, user, password}.
import {
  AttributeIds,
  BrowseDirection,
  ClientMonitoredItem,
  ClientSubscription,
  MessageSecurityMode,
  NodeClass,
  OPCUAClient,
  SecurityPolicy,
  TimestampsToReturn,
  UserTokenType,
  makeBrowsePath,
} from "node-opcua-client";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";

const [endpoint, pki, secured] = process.argv.slice(2);
const login = secured ? JSON.parse(secured) : null;
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

const options = {
  applicationUri: "urn:tests:scada",
  endpointMustExist: false,
  connectionStrategy: { maxRetry: 0, initialDelay: 100 },
  clientCertificateManager: new OPCUACertificateManager({
    rootFolder: pki,
    automaticallyAcceptUnknownCertificate: true,
  }),
};
if (login) {
  Object.assign(options, {
    securityMode: MessageSecurityMode.SignAndEncrypt,
    securityPolicy: SecurityPolicy.Aes256_Sha256_RsaPss,
    certificateFile: login.certificate,
    privateKeyFile: login.key,
  });
}

const client = OPCUAClient.create(options);
await client.connect(endpoint);
const session = await client.createSession(
  login
    ? { type: UserTokenType.UserName, userName: login.user, password: login.password }
    : undefined,
);

const browse = async (nodeId, referenceTypeId, nodeClassMask = 0) => {
  const result = await session.browse({
    nodeId,
    referenceTypeId,
    nodeClassMask,
    includeSubtypes: true,
    browseDirection: BrowseDirection.Forward,
    resultMask: 63,
  });
  return result.references ?? [];
};
const children = (nodeId) => browse(nodeId, "HierarchicalReferences");
const valueOf = async (nodeId) => {
  const read = await session.read({ nodeId, attributeId: AttributeIds.Value });
  return { value: read.value?.value, status: read.statusCode.name };
};
const named = (list, name) => list.find((one) => one.browseName.name === name);

const namespaces = (await session.readNamespaceArray()) ?? [];
const machinery = namespaces.indexOf("http://opcfoundation.org/UA/Machinery/");

// Types by their names, walking down from BaseObjectType.
const types = new Map();
const walk = async (nodeId) => {
  for (const type of await browse(nodeId, "HasSubtype", NodeClass.ObjectType)) {
    types.set(`${namespaces[type.browseName.namespaceIndex]}${type.browseName.name}`, type.nodeId);
    await walk(type.nodeId);
  }
};
await walk("i=58");
const typeOf = (name) => types.get(`http://opcfoundation.org/UA/Machinery/${name}`)?.toString();
const typed = (list, name) => list.find((one) => one.typeDefinition?.toString() === typeOf(name));

const path = makeBrowsePath("ObjectsFolder", `/${machinery}:Machines`);
const found = await session.translateBrowsePath(path);
const watched = [];
const machines = [];
for (const machine of await children(found.targets[0].targetId)) {
  const below = await children(machine.nodeId);
  const identification = {};
  const plate = typed(await browse(machine.nodeId, "HasAddIn"), "MachineIdentificationType");
  for (const property of await children(plate.nodeId)) {
    const { value } = await valueOf(property.nodeId);
    identification[property.browseName.name] = value?.text ?? value;
  }
  const blocks = await browse(named(below, "MachineryBuildingBlocks").nodeId, "HasAddIn");
  const states = {};
  for (const name of [
    "MachineryItemState_StateMachineType",
    "MachineryOperationModeStateMachineType",
  ]) {
    const [current] = (await children(typed(blocks, name).nodeId)).filter(
      (one) => one.browseName.name === "CurrentState",
    );
    const { value, status } = await valueOf(current.nodeId);
    const parts = await children(current.nodeId);
    const id = (await valueOf(named(parts, "Id").nodeId)).value;
    const node = id && (await session.read({ nodeId: id, attributeId: AttributeIds.BrowseName }));
    states[name] = {
      text: value?.text,
      status,
      number: (await valueOf(named(parts, "Number").nodeId)).value,
      node: node?.value.value.name,
    };
  }
  const signals = [];
  for (const signal of await children(named(below, "Signals").nodeId)) {
    const unit = named(await children(signal.nodeId), "EngineeringUnits");
    if (unit) {
      const { value } = await valueOf(unit.nodeId);
      signals.push({ name: signal.browseName.name, unit: value.displayName.text });
      watched.push(signal.nodeId);
    }
  }
  machines.push({
    name: machine.browseName.name,
    simulated: (await valueOf(named(below, "Simulated").nodeId)).value,
    identification,
    counters: Boolean(typed(blocks, "MachineryOperationCounterType")),
    states,
    signals,
  });
}
say({ kind: "machines", machines });

const subscription = ClientSubscription.create(session, {
  requestedPublishingInterval: 100,
  requestedLifetimeCount: 100,
  requestedMaxKeepAliveCount: 10,
  maxNotificationsPerPublish: 100,
  publishingEnabled: true,
});
for (const nodeId of watched) {
  const item = ClientMonitoredItem.create(
    subscription,
    { nodeId, attributeId: AttributeIds.Value },
    { samplingInterval: 100, queueSize: 10, discardOldest: true },
    TimestampsToReturn.Both,
  );
  item.on("changed", (change) =>
    say({
      kind: "change",
      node: nodeId.value,
      value: change.value?.value ?? null,
      status: change.statusCode.name,
      source: change.sourceTimestamp,
    }),
  );
}
process.stdin.on("data", async () => {
  await subscription.terminate();
  await session.close();
  await client.disconnect();
  process.exit(0);
});
