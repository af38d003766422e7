/** Gives every schema an interface of its own, so that editors show `Pool` and not its twenty fields. */
import ts from "typescript";

const named: Readonly<Record<string, string>> = {
  DAGRunCollectionResponse: "DagRunList",
  DAGRunsBatchBody: "DagRunListBody",
  TaskInstanceCollectionResponse: "TaskInstanceList",
  TaskInstancesBatchBody: "TaskInstanceListBody",
  TaskInstanceHistoryResponse: "TaskInstanceAttempt",
  QueuedEventResponse: "QueuedAssetEvent",
  DagBundleDetailResponse: "DagBundleDetails",
  DryRunBackfillResponse: "BackfillDate",
  HealthInfoResponse: "Health",
  XComResponseNative: "XComValue",
  BackfillPostBody: "BackfillOptions",
  ConnectionBody: "ConnectionOptions",
  PoolBody: "PoolOptions",
  Role: "RoleName",
  RoleBody: "RoleOptions",
  UserBody: "UserOptions",
  UserPatchBody: "UserChanges",
  PoolPatchBody: "PoolChanges",
  CreateAssetEventsBody: "AssetEventOptions",
  ActionResource: "Permission",
  DAGRunClearBody: "ClearDagRunBody",
  HITLDetailResponse: "HITLDetailUpdate",
};

function nameOf(schema: string): string {
  return named[schema] ?? schema.replace(/^DAG/, "Dag").replace(/Response$/, "");
}

/** @param sent the schemas of request bodies, which accept more than answers promise */
export function nameSchemas(nodes: readonly ts.Node[], sent: ReadonlySet<string>): readonly ts.Node[] {
  const interfaces: ts.Node[] = [];
  const taken = new Set<string>();
  for (const member of schemasIn(nodes)) {
    const schema = (member.name as ts.Identifier | ts.StringLiteral).text;
    const type = member.type;
    if (sent.has(schema) && type) loosen(type);
    if (!type || !ts.isTypeLiteralNode(type)) continue;
    const name = nameOf(schema);
    if (taken.has(name)) throw new Error(`Two schemas would be called ${name}`);
    taken.add(name);
    const exported = [ts.factory.createModifier(ts.SyntaxKind.ExportKeyword)];
    interfaces.push(ts.factory.createInterfaceDeclaration(exported, name, undefined, undefined, type.members));
    setType(member, ts.factory.createTypeReferenceNode(name));
  }
  loosenParameters(nodes);
  return [...nodes, ...interfaces];
}

function schemasIn(nodes: readonly ts.Node[]): readonly ts.PropertySignature[] {
  const components = nodes.find((node) => ts.isInterfaceDeclaration(node) && node.name.text === "components");
  const schemas = (components as ts.InterfaceDeclaration | undefined)?.members.find(
    (member): member is ts.PropertySignature =>
      ts.isPropertySignature(member) && ts.isIdentifier(member.name) && member.name.text === "schemas",
  );
  return schemas?.type && ts.isTypeLiteralNode(schemas.type)
    ? schemas.type.members.filter((member) => ts.isPropertySignature(member))
    : [];
}

/** What may be sent, at any depth: `undefined` for optional fields, and lists that cannot be changed. */
function loosen(node: ts.Node): void {
  ts.forEachChild(node, loosen);
  if (!ts.isPropertySignature(node) || !node.type || node.type.kind === ts.SyntaxKind.NeverKeyword) return;
  const parts = (ts.isUnionTypeNode(node.type) ? [...node.type.types] : [node.type]).map((part) =>
    ts.isArrayTypeNode(part) ? ts.factory.createTypeOperatorNode(ts.SyntaxKind.ReadonlyKeyword, part) : part,
  );
  if (node.questionToken) parts.push(ts.factory.createKeywordTypeNode(ts.SyntaxKind.UndefinedKeyword));
  setType(node, ts.factory.createUnionTypeNode(parts));
}

function loosenParameters(nodes: readonly ts.Node[]): void {
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && ts.isIdentifier(node.name) && node.name.text === "parameters" && node.type) {
      const kinds = ts.isTypeLiteralNode(node.type) ? node.type.members : [];
      for (const kind of kinds) if (ts.isPropertySignature(kind) && kind.type) loosen(kind.type);
    } else ts.forEachChild(node, visit);
  };
  for (const node of nodes) if (ts.isInterfaceDeclaration(node) && node.name.text === "operations") visit(node);
}

/** The nodes are about to be printed, so they may be changed in place. */
function setType(member: ts.PropertySignature, type: ts.TypeNode): void {
  (member as { type?: ts.TypeNode }).type = type;
}
