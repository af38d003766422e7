// Generated from specs/dagster/1.7.10.graphql by packages/simulators/generate.ts. Do not edit: run `pnpm generate`.

export const schema = `union AddDynamicPartitionResult = AddDynamicPartitionSuccess | DuplicateDynamicPartitionError | PythonError | UnauthorizedError

type AddDynamicPartitionSuccess {
  partitionKey: String!
  partitionsDefName: String!
}

type AlertFailureEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type AlertStartEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type AlertSuccessEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ArrayConfigType implements ConfigType & WrappingConfigType {
  description: String
  isSelector: Boolean!
  key: String!
  ofType: ConfigType!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
}

type Asset {
  assetMaterializations(afterTimestampMillis: String, beforeTimestampMillis: String, limit: Int, partitionInLast: Int, partitions: [String!]): [MaterializationEvent!]!
  assetObservations(afterTimestampMillis: String, beforeTimestampMillis: String, limit: Int, partitionInLast: Int, partitions: [String!]): [ObservationEvent!]!
  definition: AssetNode
  id: String!
  key: AssetKey!
}

type AssetBackfillData {
  assetBackfillStatuses: [AssetBackfillStatus!]!
  rootTargetedPartitions: AssetBackfillTargetPartitions
}

input AssetBackfillPreviewParams {
  assetSelection: [AssetKeyInput!]!
  partitionNames: [String!]!
}

union AssetBackfillStatus = AssetPartitionsStatusCounts | UnpartitionedAssetStatus

type AssetBackfillTargetPartitions {
  partitionKeys: [String!]
  ranges: [PartitionKeyRange!]
}

type AssetCheck {
  additionalAssetKeys: [AssetKey!]!
  assetKey: AssetKey!
  blocking: Boolean!
  canExecuteIndividually: AssetCheckCanExecuteIndividually!
  description: String
  executionForLatestMaterialization: AssetCheckExecution
  jobNames: [String!]!
  name: String!
}

enum AssetCheckCanExecuteIndividually {
  CAN_EXECUTE
  NEEDS_USER_CODE_UPGRADE
  REQUIRES_MATERIALIZATION
}

type AssetCheckEvaluation {
  assetKey: AssetKey!
  checkName: String!
  description: String
  metadataEntries: [MetadataEntry!]!
  severity: AssetCheckSeverity!
  success: Boolean!
  targetMaterialization: AssetCheckEvaluationTargetMaterializationData
  timestamp: Float!
}

type AssetCheckEvaluationEvent implements MessageEvent & StepEvent {
  evaluation: AssetCheckEvaluation!
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type AssetCheckEvaluationPlannedEvent implements MessageEvent & StepEvent {
  assetKey: AssetKey!
  checkName: String!
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type AssetCheckEvaluationTargetMaterializationData {
  runId: String!
  storageId: Int!
  timestamp: Float!
}

type AssetCheckExecution {
  evaluation: AssetCheckEvaluation
  id: String!
  runId: String!
  status: AssetCheckExecutionResolvedStatus!
  stepKey: String
  timestamp: Float!
}

enum AssetCheckExecutionResolvedStatus {
  EXECUTION_FAILED
  FAILED
  IN_PROGRESS
  SKIPPED
  SUCCEEDED
}

input AssetCheckHandleInput {
  assetKey: AssetKeyInput!
  name: String!
}

type AssetCheckNeedsAgentUpgradeError implements Error {
  message: String!
}

type AssetCheckNeedsMigrationError implements Error {
  message: String!
}

type AssetCheckNeedsUserCodeUpgrade implements Error {
  message: String!
}

enum AssetCheckSeverity {
  ERROR
  WARN
}

type AssetCheckhandle {
  assetKey: AssetKey!
  name: String!
}

type AssetChecks {
  checks: [AssetCheck!]!
}

union AssetChecksOrError = AssetCheckNeedsAgentUpgradeError | AssetCheckNeedsMigrationError | AssetCheckNeedsUserCodeUpgrade | AssetChecks

type AssetConditionEvaluation {
  evaluationNodes: [AssetConditionEvaluationNode!]!
  rootUniqueId: String!
}

union AssetConditionEvaluationNode = PartitionedAssetConditionEvaluationNode | SpecificPartitionAssetConditionEvaluationNode | UnpartitionedAssetConditionEvaluationNode

type AssetConditionEvaluationRecord {
  assetKey: AssetKey!
  endTimestamp: Float
  evaluation: AssetConditionEvaluation!
  evaluationId: Int!
  id: ID!
  numRequested: Int!
  runIds: [String!]!
  startTimestamp: Float
  timestamp: Float!
}

type AssetConditionEvaluationRecords {
  records: [AssetConditionEvaluationRecord!]!
}

union AssetConditionEvaluationRecordsOrError = AssetConditionEvaluationRecords | AutoMaterializeAssetEvaluationNeedsMigrationError

enum AssetConditionEvaluationStatus {
  FALSE
  SKIPPED
  TRUE
}

type AssetConnection {
  nodes: [Asset!]!
}

type AssetDependency {
  asset: AssetNode!
  inputName: String!
  partitionMapping: PartitionMapping
}

enum AssetEventType {
  ASSET_MATERIALIZATION
  ASSET_OBSERVATION
}

type AssetFreshnessInfo {
  currentLagMinutes: Float
  currentMinutesLate: Float
  latestMaterializationMinutesLate: Float
}

type AssetGroup {
  assetKeys: [AssetKey!]!
  groupName: String!
  id: String!
}

input AssetGroupSelector {
  groupName: String!
  repositoryLocationName: String!
  repositoryName: String!
}

type AssetKey {
  path: [String!]!
}

input AssetKeyInput {
  path: [String!]!
}

type AssetLatestInfo {
  assetKey: AssetKey!
  id: ID!
  inProgressRunIds: [String!]!
  latestMaterialization: MaterializationEvent
  latestRun: Run
  unstartedRunIds: [String!]!
}

type AssetLineageInfo {
  assetKey: AssetKey!
  partitions: [String!]!
}

type AssetMaterializationPlannedEvent implements MessageEvent & RunEvent {
  assetKey: AssetKey
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  runOrError: RunOrError!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type AssetMetadataEntry implements MetadataEntry {
  assetKey: AssetKey!
  description: String
  label: String!
}

type AssetNode {
  assetChecksOrError(limit: Int, pipeline: PipelineSelector): AssetChecksOrError!
  assetKey: AssetKey!
  assetMaterializationUsedData(timestampMillis: String!): [MaterializationUpstreamDataVersion!]!
  assetMaterializations(beforeTimestampMillis: String, limit: Int, partitions: [String!]): [MaterializationEvent!]!
  assetObservations(beforeTimestampMillis: String, limit: Int, partitions: [String!]): [ObservationEvent!]!
  assetPartitionStatuses: AssetPartitionStatuses!
  autoMaterializePolicy: AutoMaterializePolicy
  backfillPolicy: BackfillPolicy
  changedReasons: [ChangeReason!]!
  computeKind: String
  configField: ConfigTypeField
  currentAutoMaterializeEvaluationId: Int
  dataVersion(partition: String): String
  dataVersionByPartition(partitions: [String!]): [String]!
  dependedBy: [AssetDependency!]!
  dependedByKeys: [AssetKey!]!
  dependencies: [AssetDependency!]!
  dependencyKeys: [AssetKey!]!
  description: String
  freshnessInfo: AssetFreshnessInfo
  freshnessPolicy: FreshnessPolicy
  graphName: String
  groupName: String!
  hasAssetChecks: Boolean!
  hasMaterializePermission: Boolean!
  id: ID!
  isExecutable: Boolean!
  isObservable: Boolean!
  isPartitioned: Boolean!
  isSource: Boolean!
  jobNames: [String!]!
  jobs: [Pipeline!]!
  latestMaterializationByPartition(partitions: [String!]): [MaterializationEvent]!
  latestRunForPartition(partition: String!): Run
  metadataEntries: [MetadataEntry!]!
  op: SolidDefinition
  opName: String
  opNames: [String!]!
  opVersion: String
  owners: [AssetOwner!]!
  partitionDefinition: PartitionDefinition
  partitionKeys: [String!]!
  partitionKeysByDimension(endIdx: Int, startIdx: Int): [DimensionPartitionKeys!]!
  partitionStats: PartitionStats
  repository: Repository!
  requiredResources: [ResourceRequirement!]!
  staleCauses(partition: String): [StaleCause!]!
  staleCausesByPartition(partitions: [String!]): [[StaleCause!]!]
  staleStatus(partition: String): StaleStatus
  staleStatusByPartition(partitions: [String!]): [StaleStatus!]!
  tags: [DefinitionTag!]!
  targetingInstigators: [Instigator!]!
  type: DagsterType
}

type AssetNodeDefinitionCollision {
  assetKey: AssetKey!
  repositories: [Repository!]!
}

union AssetNodeOrError = AssetNode | AssetNotFoundError

type AssetNotFoundError implements Error {
  message: String!
}

union AssetOrError = Asset | AssetNotFoundError

union AssetOwner = TeamAssetOwner | UserAssetOwner

union AssetPartitionStatuses = DefaultPartitionStatuses | MultiPartitionStatuses | TimePartitionStatuses

type AssetPartitions {
  assetKey: AssetKey!
  partitions: AssetBackfillTargetPartitions
}

type AssetPartitionsStatusCounts {
  assetKey: AssetKey!
  numPartitionsFailed: Int!
  numPartitionsInProgress: Int!
  numPartitionsMaterialized: Int!
  numPartitionsTargeted: Int!
}

type AssetSelection {
  assetKeys: [AssetKey!]!
  assetSelectionString: String
  assets: [Asset!]!
  assetsOrError: AssetsOrError!
}

type AssetSubset {
  assetKey: AssetKey!
  subsetValue: AssetSubsetValue!
}

type AssetSubsetValue {
  boolValue: Boolean
  isPartitioned: Boolean!
  partitionKeyRanges: [PartitionKeyRange!]
  partitionKeys: [String!]
}

union AssetWipeMutationResult = AssetNotFoundError | AssetWipeSuccess | PythonError | UnauthorizedError

type AssetWipeSuccess {
  assetKeys: [AssetKey!]!
}

union AssetsOrError = AssetConnection | PythonError

type AutoMaterializeAssetEvaluationNeedsMigrationError implements Error {
  message: String!
}

type AutoMaterializeAssetEvaluationRecord {
  assetKey: AssetKey!
  evaluationId: Int!
  id: ID!
  numDiscarded: Int!
  numRequested: Int!
  numSkipped: Int!
  rules: [AutoMaterializeRule!]
  rulesWithRuleEvaluations: [AutoMaterializeRuleWithRuleEvaluations!]!
  runIds: [String!]!
  timestamp: Float!
}

type AutoMaterializeAssetEvaluationRecords {
  records: [AutoMaterializeAssetEvaluationRecord!]!
}

union AutoMaterializeAssetEvaluationRecordsOrError = AutoMaterializeAssetEvaluationNeedsMigrationError | AutoMaterializeAssetEvaluationRecords

enum AutoMaterializeDecisionType {
  DISCARD
  MATERIALIZE
  SKIP
}

type AutoMaterializePolicy {
  maxMaterializationsPerMinute: Int
  policyType: AutoMaterializePolicyType!
  rules: [AutoMaterializeRule!]!
}

enum AutoMaterializePolicyType {
  EAGER
  LAZY
}

type AutoMaterializeRule {
  className: String!
  decisionType: AutoMaterializeDecisionType!
  description: String!
}

type AutoMaterializeRuleEvaluation {
  evaluationData: AutoMaterializeRuleEvaluationData
  partitionKeysOrError: PartitionKeysOrError
}

union AutoMaterializeRuleEvaluationData = ParentMaterializedRuleEvaluationData | TextRuleEvaluationData | WaitingOnKeysRuleEvaluationData

type AutoMaterializeRuleWithRuleEvaluations {
  rule: AutoMaterializeRule!
  ruleEvaluations: [AutoMaterializeRuleEvaluation!]!
}

type BackfillNotFoundError implements Error {
  backfillId: String!
  message: String!
}

type BackfillPolicy {
  description: String!
  maxPartitionsPerRun: Int
  policyType: BackfillPolicyType!
}

enum BackfillPolicyType {
  MULTI_RUN
  SINGLE_RUN
}

scalar BigInt

type BoolMetadataEntry implements MetadataEntry {
  boolValue: Boolean
  description: String
  label: String!
}

enum BulkActionStatus {
  CANCELED
  CANCELING
  COMPLETED
  FAILED
  REQUESTED
}

union CancelBackfillResult = CancelBackfillSuccess | PythonError | UnauthorizedError

type CancelBackfillSuccess {
  backfillId: String!
}

type CapturedLogs {
  cursor: String
  logKey: [String!]!
  stderr: String
  stdout: String
}

type CapturedLogsMetadata {
  stderrDownloadUrl: String
  stderrLocation: String
  stdoutDownloadUrl: String
  stdoutLocation: String
}

enum ChangeReason {
  CODE_VERSION
  DEPENDENCIES
  METADATA
  NEW
  PARTITIONS_DEFINITION
  TAGS
}

type ClaimedConcurrencySlot {
  runId: String!
  stepKey: String!
}

type CodeReferencesMetadataEntry implements MetadataEntry {
  codeReferences: [SourceLocation!]!
  description: String
  label: String!
}

type CompositeConfigType implements ConfigType {
  description: String
  fields: [ConfigTypeField!]!
  isSelector: Boolean!
  key: String!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
}

type CompositeSolidDefinition implements ISolidDefinition & SolidContainer {
  assetNodes: [AssetNode!]!
  description: String
  id: ID!
  inputDefinitions: [InputDefinition!]!
  inputMappings: [InputMapping!]!
  metadata: [MetadataItemDefinition!]!
  modes: [Mode!]!
  name: String!
  outputDefinitions: [OutputDefinition!]!
  outputMappings: [OutputMapping!]!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solids: [Solid!]!
}

enum ComputeIOType {
  STDERR
  STDOUT
}

type ComputeLogFile {
  cursor: Int!
  data: String
  downloadUrl: String
  path: String!
  size: Int!
}

type ComputeLogs {
  runId: String!
  stderr: ComputeLogFile
  stdout: ComputeLogFile
  stepKey: String!
}

type ConcurrencyKeyInfo {
  activeRunIds: [String!]!
  activeSlotCount: Int!
  assignedStepCount: Int!
  assignedStepRunIds: [String!]!
  claimedSlots: [ClaimedConcurrencySlot!]!
  concurrencyKey: String!
  pendingStepCount: Int!
  pendingStepRunIds: [String!]!
  pendingSteps: [PendingConcurrencyStep!]!
  slotCount: Int!
}

interface ConfigType {
  description: String
  isSelector: Boolean!
  key: String!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
}

type ConfigTypeField {
  configType: ConfigType!
  configTypeKey: String!
  defaultValueAsJson: String
  description: String
  isRequired: Boolean!
  name: String!
}

type ConfigTypeNotFoundError implements Error {
  configTypeName: String!
  message: String!
  pipeline: Pipeline!
}

union ConfigTypeOrError = CompositeConfigType | ConfigTypeNotFoundError | EnumConfigType | PipelineNotFoundError | PythonError | RegularConfigType

type ConfiguredValue {
  key: String!
  type: ConfiguredValueType!
  value: String!
}

enum ConfiguredValueType {
  ENV_VAR
  VALUE
}

type ConflictingExecutionParamsError implements Error {
  message: String!
}

scalar Cursor

type DaemonHealth {
  allDaemonStatuses: [DaemonStatus!]!
  daemonStatus(daemonType: String): DaemonStatus!
  id: String!
}

type DaemonStatus {
  daemonType: String!
  healthy: Boolean
  id: ID!
  lastHeartbeatErrors: [PythonError!]!
  lastHeartbeatTime: Float
  required: Boolean!
}

enum DagsterEventType {
  ALERT_FAILURE
  ALERT_START
  ALERT_SUCCESS
  ASSET_CHECK_EVALUATION
  ASSET_CHECK_EVALUATION_PLANNED
  ASSET_MATERIALIZATION
  ASSET_MATERIALIZATION_PLANNED
  ASSET_OBSERVATION
  ASSET_STORE_OPERATION
  ENGINE_EVENT
  HANDLED_OUTPUT
  HOOK_COMPLETED
  HOOK_ERRORED
  HOOK_SKIPPED
  LOADED_INPUT
  LOGS_CAPTURED
  OBJECT_STORE_OPERATION
  PIPELINE_CANCELED
  PIPELINE_CANCELING
  PIPELINE_DEQUEUED
  PIPELINE_ENQUEUED
  PIPELINE_FAILURE
  PIPELINE_START
  PIPELINE_STARTING
  PIPELINE_SUCCESS
  RESOURCE_INIT_FAILURE
  RESOURCE_INIT_STARTED
  RESOURCE_INIT_SUCCESS
  RUN_CANCELED
  RUN_CANCELING
  RUN_DEQUEUED
  RUN_ENQUEUED
  RUN_FAILURE
  RUN_START
  RUN_STARTING
  RUN_SUCCESS
  STEP_EXPECTATION_RESULT
  STEP_FAILURE
  STEP_INPUT
  STEP_OUTPUT
  STEP_RESTARTED
  STEP_SKIPPED
  STEP_START
  STEP_SUCCESS
  STEP_UP_FOR_RETRY
  STEP_WORKER_STARTED
  STEP_WORKER_STARTING
}

type DagsterLibraryVersion {
  name: String!
  version: String!
}

union DagsterRunEvent = AlertFailureEvent | AlertStartEvent | AlertSuccessEvent | AssetCheckEvaluationEvent | AssetCheckEvaluationPlannedEvent | AssetMaterializationPlannedEvent | EngineEvent | ExecutionStepFailureEvent | ExecutionStepInputEvent | ExecutionStepOutputEvent | ExecutionStepRestartEvent | ExecutionStepSkippedEvent | ExecutionStepStartEvent | ExecutionStepSuccessEvent | ExecutionStepUpForRetryEvent | HandledOutputEvent | HookCompletedEvent | HookErroredEvent | HookSkippedEvent | LoadedInputEvent | LogMessageEvent | LogsCapturedEvent | MaterializationEvent | ObjectStoreOperationEvent | ObservationEvent | ResourceInitFailureEvent | ResourceInitStartedEvent | ResourceInitSuccessEvent | RunCanceledEvent | RunCancelingEvent | RunDequeuedEvent | RunEnqueuedEvent | RunFailureEvent | RunStartEvent | RunStartingEvent | RunSuccessEvent | StepExpectationResultEvent | StepWorkerStartedEvent | StepWorkerStartingEvent

interface DagsterType {
  description: String
  displayName: String!
  innerTypes: [DagsterType!]!
  inputSchemaType: ConfigType
  isBuiltin: Boolean!
  isList: Boolean!
  isNothing: Boolean!
  isNullable: Boolean!
  key: String!
  metadataEntries: [MetadataEntry!]!
  name: String
  outputSchemaType: ConfigType
}

type DagsterTypeNotFoundError implements Error {
  dagsterTypeName: String!
  message: String!
}

union DagsterTypeOrError = DagsterTypeNotFoundError | PipelineNotFoundError | PythonError | RegularDagsterType

type DefaultPartitionStatuses {
  failedPartitions: [String!]!
  materializedPartitions: [String!]!
  materializingPartitions: [String!]!
  unmaterializedPartitions: [String!]!
}

type DefinitionTag {
  key: String!
  value: String!
}

union DeleteDynamicPartitionsResult = DeleteDynamicPartitionsSuccess | PythonError | UnauthorizedError

type DeleteDynamicPartitionsSuccess {
  partitionsDefName: String!
}

union DeletePipelineRunResult = DeletePipelineRunSuccess | PythonError | RunNotFoundError | UnauthorizedError

type DeletePipelineRunSuccess {
  runId: String!
}

type DeleteRunMutation {
  Output: DeletePipelineRunResult!
}

type DimensionDefinitionType {
  description: String!
  dynamicPartitionsDefinitionName: String
  isPrimaryDimension: Boolean!
  name: String!
  type: PartitionDefinitionType!
}

type DimensionPartitionKeys {
  name: String!
  partitionKeys: [String!]!
  type: PartitionDefinitionType!
}

interface DisplayableEvent {
  description: String
  label: String
  metadataEntries: [MetadataEntry!]!
}

type DryRunInstigationTick {
  evaluationResult: TickEvaluation
  timestamp: Float
}

type DryRunInstigationTicks {
  cursor: Float!
  results: [DryRunInstigationTick!]!
}

type DuplicateDynamicPartitionError implements Error {
  message: String!
  partitionName: String!
  partitionsDefName: String!
}

type DynamicPartitionRequest {
  partitionKeys: [String!]
  partitionsDefName: String!
  type: DynamicPartitionsRequestType!
}

type DynamicPartitionsRequestResult {
  partitionKeys: [String!]
  partitionsDefName: String!
  skippedPartitionKeys: [String!]!
  type: DynamicPartitionsRequestType!
}

enum DynamicPartitionsRequestType {
  ADD_PARTITIONS
  DELETE_PARTITIONS
}

type EngineEvent implements DisplayableEvent & ErrorEvent & MarkerEvent & MessageEvent & StepEvent {
  description: String
  error: PythonError
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  markerEnd: String
  markerStart: String
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type EnumConfigType implements ConfigType {
  description: String
  givenName: String!
  isSelector: Boolean!
  key: String!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
  values: [EnumConfigValue!]!
}

type EnumConfigValue {
  description: String
  value: String!
}

type EnvVarConsumer {
  name: String!
  type: EnvVarConsumerType!
}

enum EnvVarConsumerType {
  RESOURCE
}

type EnvVarWithConsumers {
  envVarConsumers: [EnvVarConsumer!]!
  envVarName: String!
}

type EnvVarWithConsumersList {
  results: [EnvVarWithConsumers!]!
}

union EnvVarWithConsumersOrError = EnvVarWithConsumersList | PythonError

interface Error {
  message: String!
}

type ErrorChainLink implements Error {
  error: PythonError!
  isExplicitLink: Boolean!
  message: String!
}

interface ErrorEvent {
  error: PythonError
}

enum ErrorSource {
  FRAMEWORK_ERROR
  INTERRUPT
  UNEXPECTED_ERROR
  USER_CODE_ERROR
}

enum EvaluationErrorReason {
  FIELDS_NOT_DEFINED
  FIELD_NOT_DEFINED
  MISSING_REQUIRED_FIELD
  MISSING_REQUIRED_FIELDS
  RUNTIME_TYPE_MISMATCH
  SELECTOR_FIELD_ERROR
}

type EvaluationStack {
  entries: [EvaluationStackEntry!]!
}

union EvaluationStackEntry = EvaluationStackListItemEntry | EvaluationStackMapKeyEntry | EvaluationStackMapValueEntry | EvaluationStackPathEntry

type EvaluationStackListItemEntry {
  listIndex: Int!
}

type EvaluationStackMapKeyEntry {
  mapKey: GenericScalar!
}

type EvaluationStackMapValueEntry {
  mapKey: GenericScalar!
}

type EvaluationStackPathEntry {
  fieldName: String!
}

type EventConnection {
  cursor: String!
  events: [DagsterRunEvent!]!
  hasMore: Boolean!
}

union EventConnectionOrError = EventConnection | PythonError | RunNotFoundError

type EventTag {
  key: String!
  value: String!
}

input ExecutionMetadata {
  parentRunId: String
  rootRunId: String
  tags: [ExecutionTag!]
}

input ExecutionParams {
  executionMetadata: ExecutionMetadata
  mode: String
  preset: String
  runConfigData: RunConfigData
  selector: JobOrPipelineSelector!
  stepKeys: [String!]
}

type ExecutionPlan {
  artifactsPersisted: Boolean!
  steps: [ExecutionStep!]!
}

union ExecutionPlanOrError = ExecutionPlan | InvalidSubsetError | PipelineNotFoundError | PythonError | RunConfigValidationInvalid

type ExecutionStep {
  inputs: [ExecutionStepInput!]!
  key: String!
  kind: StepKind!
  metadata: [MetadataItemDefinition!]!
  outputs: [ExecutionStepOutput!]!
  solidHandleID: String!
}

type ExecutionStepFailureEvent implements ErrorEvent & MessageEvent & StepEvent {
  error: PythonError
  errorSource: ErrorSource
  eventType: DagsterEventType
  failureMetadata: FailureMetadata
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ExecutionStepInput {
  dependsOn: [ExecutionStep!]!
  name: String!
}

type ExecutionStepInputEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  inputName: String!
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
  typeCheck: TypeCheck!
}

type ExecutionStepOutput {
  name: String!
}

type ExecutionStepOutputEvent implements DisplayableEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  message: String!
  metadataEntries: [MetadataEntry!]!
  outputName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
  typeCheck: TypeCheck!
}

type ExecutionStepRestartEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ExecutionStepSkippedEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ExecutionStepStartEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ExecutionStepSuccessEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ExecutionStepUpForRetryEvent implements ErrorEvent & MessageEvent & StepEvent {
  error: PythonError
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  secondsToWait: Int
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

input ExecutionTag {
  key: String!
  value: String!
}

type ExpectationResult implements DisplayableEvent {
  description: String
  label: String
  metadataEntries: [MetadataEntry!]!
  success: Boolean!
}

type FailureMetadata implements DisplayableEvent {
  description: String
  label: String
  metadataEntries: [MetadataEntry!]!
}

type FeatureFlag {
  enabled: Boolean!
  name: String!
}

type FieldNotDefinedConfigError implements PipelineConfigValidationError {
  fieldName: String!
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
}

type FieldsNotDefinedConfigError implements PipelineConfigValidationError {
  fieldNames: [String!]!
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
}

type FloatMetadataEntry implements MetadataEntry {
  description: String
  floatValue: Float
  label: String!
}

type FreshnessPolicy {
  cronSchedule: String
  cronScheduleTimezone: String
  lastEvaluationTimestamp: String
  maximumLagMinutes: Float!
}

scalar GenericScalar

type Graph implements SolidContainer {
  description: String
  id: ID!
  modes: [Mode!]!
  name: String!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solids: [Solid!]!
}

type GraphNotFoundError implements Error {
  graphName: String!
  message: String!
  repositoryLocationName: String!
  repositoryName: String!
}

union GraphOrError = Graph | GraphNotFoundError | PythonError

input GraphSelector {
  graphName: String!
  repositoryLocationName: String!
  repositoryName: String!
}

type HandledOutputEvent implements DisplayableEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  managerKey: String!
  message: String!
  metadataEntries: [MetadataEntry!]!
  outputName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type HookCompletedEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type HookErroredEvent implements ErrorEvent & MessageEvent & StepEvent {
  error: PythonError
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type HookSkippedEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

interface IPipelineSnapshot {
  dagsterTypeOrError(dagsterTypeName: String!): DagsterTypeOrError!
  dagsterTypes: [DagsterType!]!
  description: String
  graphName: String!
  metadataEntries: [MetadataEntry!]!
  modes: [Mode!]!
  name: String!
  parentSnapshotId: String
  pipelineSnapshotId: String!
  runs(cursor: String, limit: Int): [Run!]!
  schedules: [Schedule!]!
  sensors: [Sensor!]!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solids: [Solid!]!
  tags: [PipelineTag!]!
}

interface ISolidDefinition {
  assetNodes: [AssetNode!]!
  description: String
  inputDefinitions: [InputDefinition!]!
  metadata: [MetadataItemDefinition!]!
  name: String!
  outputDefinitions: [OutputDefinition!]!
}

type Input {
  definition: InputDefinition!
  dependsOn: [Output!]!
  isDynamicCollect: Boolean!
  solid: Solid!
}

type InputDefinition {
  description: String
  metadataEntries: [MetadataEntry!]!
  name: String!
  type: DagsterType!
}

type InputMapping {
  definition: InputDefinition!
  mappedInput: Input!
}

input InputTag {
  name: String!
  value: String!
}

type Instance {
  autoMaterializePaused: Boolean!
  concurrencyLimit(concurrencyKey: String): ConcurrencyKeyInfo!
  concurrencyLimits: [ConcurrencyKeyInfo!]!
  daemonHealth: DaemonHealth!
  executablePath: String!
  hasCapturedLogManager: Boolean!
  hasInfo: Boolean!
  id: String!
  info: String
  maxConcurrencyLimitValue: Int!
  minConcurrencyLimitValue: Int!
  runLauncher: RunLauncher
  runQueueConfig: RunQueueConfig
  runQueuingSupported: Boolean!
  supportsConcurrencyLimits: Boolean!
  useAutoMaterializeSensors: Boolean!
}

type InstigationEvent {
  level: LogLevel!
  message: String!
  timestamp: String!
}

type InstigationEventConnection {
  cursor: String!
  events: [InstigationEvent!]!
  hasMore: Boolean!
}

input InstigationSelector {
  name: String!
  repositoryLocationName: String!
  repositoryName: String!
}

type InstigationState {
  hasStartPermission: Boolean!
  hasStopPermission: Boolean!
  id: ID!
  instigationType: InstigationType!
  name: String!
  nextTick: DryRunInstigationTick
  repositoryLocationName: String!
  repositoryName: String!
  repositoryOrigin: RepositoryOrigin!
  runningCount: Int!
  runs(limit: Int): [Run!]!
  runsCount: Int!
  selectorId: String!
  status: InstigationStatus!
  tick(tickId: BigInt!): InstigationTick!
  ticks(afterTimestamp: Float, beforeTimestamp: Float, cursor: String, dayOffset: Int, dayRange: Int, limit: Int, statuses: [InstigationTickStatus!]): [InstigationTick!]!
  typeSpecificData: InstigationTypeSpecificData
}

type InstigationStateNotFoundError implements Error {
  message: String!
  name: String!
}

union InstigationStateOrError = InstigationState | InstigationStateNotFoundError | PythonError

type InstigationStates {
  results: [InstigationState!]!
}

union InstigationStatesOrError = InstigationStates | PythonError

enum InstigationStatus {
  RUNNING
  STOPPED
}

type InstigationTick {
  autoMaterializeAssetEvaluationId: Int
  cursor: String
  dynamicPartitionsRequestResults: [DynamicPartitionsRequestResult!]!
  endTimestamp: Float
  error: PythonError
  id: ID!
  instigationType: InstigationType!
  logEvents: InstigationEventConnection!
  logKey: [String!]
  originRunIds: [String!]!
  requestedAssetKeys: [AssetKey!]!
  requestedAssetMaterializationCount: Int!
  requestedMaterializationsForAssets: [RequestedMaterializationsForAsset!]!
  runIds: [String!]!
  runKeys: [String!]!
  runs: [Run!]!
  skipReason: String
  status: InstigationTickStatus!
  tickId: ID!
  timestamp: Float!
}

enum InstigationTickStatus {
  FAILURE
  SKIPPED
  STARTED
  SUCCESS
}

enum InstigationType {
  AUTO_MATERIALIZE
  SCHEDULE
  SENSOR
}

union InstigationTypeSpecificData = ScheduleData | SensorData

union Instigator = Schedule | Sensor

type IntMetadataEntry implements MetadataEntry {
  description: String
  intRepr: String!
  intValue: Int
  label: String!
}

type InvalidOutputError {
  invalidOutputName: String!
  stepKey: String!
}

type InvalidPipelineRunsFilterError implements Error {
  message: String!
}

type InvalidStepError {
  invalidStepKey: String!
}

type InvalidSubsetError implements Error {
  message: String!
  pipeline: Pipeline!
}

type Job implements IPipelineSnapshot & SolidContainer {
  dagsterTypeOrError(dagsterTypeName: String!): DagsterTypeOrError!
  dagsterTypes: [DagsterType!]!
  description: String
  graphName: String!
  id: ID!
  isAssetJob: Boolean!
  isJob: Boolean!
  metadataEntries: [MetadataEntry!]!
  modes: [Mode!]!
  name: String!
  parentSnapshotId: String
  pipelineSnapshotId: String!
  presets: [PipelinePreset!]!
  repository: Repository!
  runs(cursor: String, limit: Int): [Run!]!
  schedules: [Schedule!]!
  sensors: [Sensor!]!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solids: [Solid!]!
  tags: [PipelineTag!]!
}

type JobMetadataEntry implements MetadataEntry {
  description: String
  jobName: String!
  label: String!
  locationName: String!
  repositoryName: String
}

input JobOrPipelineSelector {
  assetCheckSelection: [AssetCheckHandleInput!]
  assetSelection: [AssetKeyInput!]
  jobName: String
  pipelineName: String
  repositoryLocationName: String!
  repositoryName: String!
  solidSelection: [String!]
}

type JobWithOps {
  job: Job!
  opsUsing: [SolidHandle!]!
}

type JsonMetadataEntry implements MetadataEntry {
  description: String
  jsonString: String!
  label: String!
}

type LaunchBackfillMutation {
  Output: LaunchBackfillResult!
}

input LaunchBackfillParams {
  allPartitions: Boolean
  assetSelection: [AssetKeyInput!]
  description: String
  forceSynchronousSubmission: Boolean
  fromFailure: Boolean
  partitionNames: [String!]
  partitionsByAssets: [PartitionsByAssetSelector]
  reexecutionSteps: [String!]
  selector: PartitionSetSelector
  tags: [ExecutionTag!]
  title: String
}

union LaunchBackfillResult = ConflictingExecutionParamsError | InvalidOutputError | InvalidStepError | InvalidSubsetError | LaunchBackfillSuccess | NoModeProvidedError | PartitionSetNotFoundError | PipelineNotFoundError | PresetNotFoundError | PythonError | RunConfigValidationInvalid | RunConflict | UnauthorizedError

type LaunchBackfillSuccess {
  backfillId: String!
  launchedRunIds: [String]
}

interface LaunchPipelineRunSuccess {
  run: Run!
}

type LaunchRunMutation {
  Output: LaunchRunResult!
}

type LaunchRunReexecutionMutation {
  Output: LaunchRunReexecutionResult!
}

union LaunchRunReexecutionResult = ConflictingExecutionParamsError | InvalidOutputError | InvalidStepError | InvalidSubsetError | LaunchRunSuccess | NoModeProvidedError | PipelineNotFoundError | PresetNotFoundError | PythonError | RunConfigValidationInvalid | RunConflict | UnauthorizedError

union LaunchRunResult = ConflictingExecutionParamsError | InvalidOutputError | InvalidStepError | InvalidSubsetError | LaunchRunSuccess | NoModeProvidedError | PipelineNotFoundError | PresetNotFoundError | PythonError | RunConfigValidationInvalid | RunConflict | UnauthorizedError

type LaunchRunSuccess implements LaunchPipelineRunSuccess {
  run: Run!
}

type ListDagsterType implements DagsterType & WrappingDagsterType {
  description: String
  displayName: String!
  innerTypes: [DagsterType!]!
  inputSchemaType: ConfigType
  isBuiltin: Boolean!
  isList: Boolean!
  isNothing: Boolean!
  isNullable: Boolean!
  key: String!
  metadataEntries: [MetadataEntry!]!
  name: String
  ofType: DagsterType!
  outputSchemaType: ConfigType
}

type LoadedInputEvent implements DisplayableEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  inputName: String!
  label: String
  level: LogLevel!
  managerKey: String!
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
  upstreamOutputName: String
  upstreamStepKey: String
}

type LocalFileCodeReference {
  filePath: String!
  label: String
  lineNumber: Int
}

type LocationStateChangeEvent {
  eventType: LocationStateChangeEventType!
  locationName: String!
  message: String!
  serverId: String
}

enum LocationStateChangeEventType {
  LOCATION_DISCONNECTED
  LOCATION_ERROR
  LOCATION_RECONNECTED
  LOCATION_UPDATED
}

type LocationStateChangeSubscription {
  event: LocationStateChangeEvent!
}

enum LogLevel {
  CRITICAL
  DEBUG
  ERROR
  INFO
  WARNING
}

type LogMessageEvent implements MessageEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

union LogTelemetryMutationResult = LogTelemetrySuccess | PythonError

type LogTelemetrySuccess {
  action: String!
}

type Logger {
  configField: ConfigTypeField
  description: String
  name: String!
}

type LogsCapturedEvent implements MessageEvent {
  eventType: DagsterEventType
  externalStderrUrl: String
  externalStdoutUrl: String
  externalUrl: String
  fileKey: String!
  level: LogLevel!
  logKey: String!
  message: String!
  pid: Int
  runId: String!
  solidHandleID: String
  stepKey: String
  stepKeys: [String!]
  timestamp: String!
}

type MapConfigType implements ConfigType {
  description: String
  isSelector: Boolean!
  key: String!
  keyLabelName: String
  keyType: ConfigType!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
  valueType: ConfigType!
}

type MarkdownMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  mdStr: String!
}

interface MarkerEvent {
  markerEnd: String
  markerStart: String
}

input MarshalledInput {
  inputName: String!
  key: String!
}

input MarshalledOutput {
  key: String!
  outputName: String!
}

type MaterializationEvent implements DisplayableEvent & MessageEvent & StepEvent {
  assetKey: AssetKey
  assetLineage: [AssetLineageInfo!]!
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  message: String!
  metadataEntries: [MetadataEntry!]!
  partition: String
  runId: String!
  runOrError: RunOrError!
  solidHandleID: String
  stepKey: String
  stepStats: RunStepStats!
  tags: [EventTag!]!
  timestamp: String!
}

type MaterializationUpstreamDataVersion {
  assetKey: AssetKey!
  downstreamAssetKey: AssetKey!
  timestamp: String!
}

type MaterializedPartitionRangeStatuses2D {
  primaryDimEndKey: String!
  primaryDimEndTime: Float
  primaryDimStartKey: String!
  primaryDimStartTime: Float
  secondaryDim: PartitionStatus1D!
}

interface MessageEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

interface MetadataEntry {
  description: String
  label: String!
}

type MetadataItemDefinition {
  key: String!
  value: String!
}

type MissingFieldConfigError implements PipelineConfigValidationError {
  field: ConfigTypeField!
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
}

type MissingFieldsConfigError implements PipelineConfigValidationError {
  fields: [ConfigTypeField!]!
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
}

type MissingRunIdErrorEvent {
  invalidRunId: String!
}

type Mode {
  description: String
  id: String!
  loggers: [Logger!]!
  name: String!
  resources: [Resource!]!
}

type ModeNotFoundError implements Error {
  message: String!
  mode: String!
}

type MultiPartitionStatuses {
  primaryDimensionName: String!
  ranges: [MaterializedPartitionRangeStatuses2D!]!
}

type Mutation {
  addDynamicPartition(partitionKey: String!, partitionsDefName: String!, repositorySelector: RepositorySelector!): AddDynamicPartitionResult!
  cancelPartitionBackfill(backfillId: String!): CancelBackfillResult!
  deleteConcurrencyLimit(concurrencyKey: String!): Boolean!
  deleteDynamicPartitions(partitionKeys: [String!]!, partitionsDefName: String!, repositorySelector: RepositorySelector!): DeleteDynamicPartitionsResult!
  deletePipelineRun(runId: String!): DeletePipelineRunResult!
  deleteRun(runId: String!): DeletePipelineRunResult!
  freeConcurrencySlots(runId: String!, stepKey: String): Boolean!
  freeConcurrencySlotsForRun(runId: String!): Boolean!
  launchPartitionBackfill(backfillParams: LaunchBackfillParams!): LaunchBackfillResult!
  launchPipelineExecution(executionParams: ExecutionParams!): LaunchRunResult!
  launchPipelineReexecution(executionParams: ExecutionParams, reexecutionParams: ReexecutionParams): LaunchRunReexecutionResult!
  launchRun(executionParams: ExecutionParams!): LaunchRunResult!
  launchRunReexecution(executionParams: ExecutionParams, reexecutionParams: ReexecutionParams): LaunchRunReexecutionResult!
  logTelemetry(action: String!, clientId: String!, clientTime: String!, metadata: String!): LogTelemetryMutationResult!
  reloadRepositoryLocation(repositoryLocationName: String!): ReloadRepositoryLocationMutationResult!
  reloadWorkspace: ReloadWorkspaceMutationResult!
  reportRunlessAssetEvents(eventParams: ReportRunlessAssetEventsParams!): ReportRunlessAssetEventsResult!
  resetSchedule(scheduleSelector: ScheduleSelector!): ScheduleMutationResult!
  resetSensor(sensorSelector: SensorSelector!): SensorOrError!
  resumePartitionBackfill(backfillId: String!): ResumeBackfillResult!
  scheduleDryRun(selectorData: ScheduleSelector!, timestamp: Float): ScheduleDryRunResult!
  sensorDryRun(cursor: String, selectorData: SensorSelector!): SensorDryRunResult!
  setAutoMaterializePaused(paused: Boolean!): Boolean!
  setConcurrencyLimit(concurrencyKey: String!, limit: Int!): Boolean!
  setNuxSeen: Boolean!
  setSensorCursor(cursor: String, sensorSelector: SensorSelector!): SensorOrError!
  shutdownRepositoryLocation(repositoryLocationName: String!): ShutdownRepositoryLocationMutationResult!
  startSchedule(scheduleSelector: ScheduleSelector!): ScheduleMutationResult!
  startSensor(sensorSelector: SensorSelector!): SensorOrError!
  stopRunningSchedule(scheduleOriginId: String!, scheduleSelectorId: String!): ScheduleMutationResult!
  stopSensor(jobOriginId: String!, jobSelectorId: String!): StopSensorMutationResultOrError!
  terminatePipelineExecution(runId: String!, terminatePolicy: TerminateRunPolicy): TerminateRunResult!
  terminateRun(runId: String!, terminatePolicy: TerminateRunPolicy): TerminateRunResult!
  terminateRuns(runIds: [String!]!, terminatePolicy: TerminateRunPolicy): TerminateRunsResultOrError!
  wipeAssets(assetKeys: [AssetKeyInput!]!): AssetWipeMutationResult!
}

type NestedResourceEntry {
  name: String!
  resource: ResourceDetails
  type: NestedResourceType!
}

enum NestedResourceType {
  ANONYMOUS
  TOP_LEVEL
}

type NoModeProvidedError implements Error {
  message: String!
  pipelineName: String!
}

type NodeInvocationSite {
  pipeline: Pipeline!
  solidHandle: SolidHandle!
}

type NotebookMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  path: String!
}

type NullMetadataEntry implements MetadataEntry {
  description: String
  label: String!
}

type NullableConfigType implements ConfigType & WrappingConfigType {
  description: String
  isSelector: Boolean!
  key: String!
  ofType: ConfigType!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
}

type NullableDagsterType implements DagsterType & WrappingDagsterType {
  description: String
  displayName: String!
  innerTypes: [DagsterType!]!
  inputSchemaType: ConfigType
  isBuiltin: Boolean!
  isList: Boolean!
  isNothing: Boolean!
  isNullable: Boolean!
  key: String!
  metadataEntries: [MetadataEntry!]!
  name: String
  ofType: DagsterType!
  outputSchemaType: ConfigType
}

type ObjectStoreOperationEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  operationResult: ObjectStoreOperationResult!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ObjectStoreOperationResult implements DisplayableEvent {
  description: String
  label: String
  metadataEntries: [MetadataEntry!]!
  op: ObjectStoreOperationType!
}

enum ObjectStoreOperationType {
  CP_OBJECT
  GET_OBJECT
  RM_OBJECT
  SET_OBJECT
}

type ObservationEvent implements DisplayableEvent & MessageEvent & StepEvent {
  assetKey: AssetKey
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  message: String!
  metadataEntries: [MetadataEntry!]!
  partition: String
  runId: String!
  runOrError: RunOrError!
  solidHandleID: String
  stepKey: String
  stepStats: RunStepStats!
  tags: [EventTag!]!
  timestamp: String!
}

type Output {
  definition: OutputDefinition!
  dependedBy: [Input!]!
  solid: Solid!
}

type OutputDefinition {
  description: String
  isDynamic: Boolean
  metadataEntries: [MetadataEntry!]!
  name: String!
  type: DagsterType!
}

type OutputMapping {
  definition: OutputDefinition!
  mappedOutput: Output!
}

type ParentMaterializedRuleEvaluationData {
  updatedAssetKeys: [AssetKey!]
  willUpdateAssetKeys: [AssetKey!]
}

type Partition {
  mode: String!
  name: String!
  partitionSetName: String!
  runConfigOrError: PartitionRunConfigOrError!
  runs(cursor: String, filter: RunsFilter, limit: Int): [Run!]!
  solidSelection: [String!]
  status: RunStatus
  tagsOrError: PartitionTagsOrError!
}

type PartitionBackfill {
  assetBackfillData: AssetBackfillData
  assetSelection: [AssetKey!]
  description: String
  endTimestamp: Float
  error: PythonError
  fromFailure: Boolean!
  hasCancelPermission: Boolean!
  hasResumePermission: Boolean!
  id: String!
  isAssetBackfill: Boolean!
  isValidSerialization: Boolean!
  logEvents(cursor: String): InstigationEventConnection!
  numCancelable: Int!
  numPartitions: Int
  partitionNames: [String!]
  partitionSet: PartitionSet
  partitionSetName: String
  partitionStatusCounts: [PartitionStatusCounts!]!
  partitionStatuses: PartitionStatuses
  partitionsTargetedForAssetKey(assetKey: AssetKeyInput): AssetBackfillTargetPartitions
  reexecutionSteps: [String!]
  runs(limit: Int): [Run!]!
  status: BulkActionStatus!
  tags: [PipelineTag!]!
  timestamp: Float!
  title: String
  unfinishedRuns(limit: Int): [Run!]!
  user: String
}

union PartitionBackfillOrError = BackfillNotFoundError | PartitionBackfill | PythonError

type PartitionBackfills {
  results: [PartitionBackfill!]!
}

union PartitionBackfillsOrError = PartitionBackfills | PythonError

type PartitionDefinition {
  description: String!
  dimensionTypes: [DimensionDefinitionType!]!
  name: String
  type: PartitionDefinitionType!
}

enum PartitionDefinitionType {
  DYNAMIC
  MULTIPARTITIONED
  STATIC
  TIME_WINDOW
}

type PartitionKeyRange {
  end: String!
  start: String!
}

type PartitionKeys {
  partitionKeys: [String!]!
}

union PartitionKeysOrError = PartitionKeys | PartitionSubsetDeserializationError

type PartitionMapping {
  className: String!
  description: String!
}

input PartitionRangeSelector {
  end: String!
  start: String!
}

enum PartitionRangeStatus {
  FAILED
  MATERIALIZED
  MATERIALIZING
}

type PartitionRun {
  id: String!
  partitionName: String!
  run: Run
}

type PartitionRunConfig {
  yaml: String!
}

union PartitionRunConfigOrError = PartitionRunConfig | PythonError

type PartitionSet {
  backfills(cursor: String, limit: Int): [PartitionBackfill!]!
  id: ID!
  mode: String!
  name: String!
  partition(partitionName: String!): Partition
  partitionRuns: [PartitionRun!]!
  partitionStatusesOrError: PartitionStatusesOrError!
  partitionsOrError(cursor: String, limit: Int, reverse: Boolean): PartitionsOrError!
  pipelineName: String!
  repositoryOrigin: RepositoryOrigin!
  solidSelection: [String!]
}

type PartitionSetNotFoundError implements Error {
  message: String!
  partitionSetName: String!
}

union PartitionSetOrError = PartitionSet | PartitionSetNotFoundError | PythonError

input PartitionSetSelector {
  partitionSetName: String!
  repositorySelector: RepositorySelector!
}

type PartitionSets {
  results: [PartitionSet!]!
}

union PartitionSetsOrError = PartitionSets | PipelineNotFoundError | PythonError

type PartitionStats {
  numFailed: Int!
  numMaterialized: Int!
  numMaterializing: Int!
  numPartitions: Int!
}

type PartitionStatus {
  id: String!
  partitionName: String!
  runDuration: Float
  runId: String
  runStatus: RunStatus
}

union PartitionStatus1D = DefaultPartitionStatuses | TimePartitionStatuses

type PartitionStatusCounts {
  count: Int!
  runStatus: RunStatus!
}

type PartitionStatuses {
  results: [PartitionStatus!]!
}

union PartitionStatusesOrError = PartitionStatuses | PythonError

type PartitionSubsetDeserializationError implements Error {
  message: String!
}

type PartitionTags {
  results: [PipelineTag!]!
}

union PartitionTagsOrError = PartitionTags | PythonError

type PartitionedAssetConditionEvaluationNode {
  candidateSubset: AssetSubset
  childUniqueIds: [String!]!
  description: String!
  endTimestamp: Float
  numFalse: Int
  numSkipped: Int
  numTrue: Int!
  startTimestamp: Float
  trueSubset: AssetSubset!
  uniqueId: String!
}

type Partitions {
  results: [Partition!]!
}

input PartitionsByAssetSelector {
  assetKey: AssetKeyInput!
  partitions: PartitionsSelector
}

union PartitionsOrError = Partitions | PythonError

input PartitionsSelector {
  range: PartitionRangeSelector!
}

type PathMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  path: String!
}

type PendingConcurrencyStep {
  assignedTimestamp: Float
  enqueuedTimestamp: Float!
  priority: Int
  runId: String!
  stepKey: String!
}

type Permission {
  disabledReason: String
  permission: String!
  value: Boolean!
}

type Pipeline implements IPipelineSnapshot & SolidContainer {
  dagsterTypeOrError(dagsterTypeName: String!): DagsterTypeOrError!
  dagsterTypes: [DagsterType!]!
  description: String
  graphName: String!
  id: ID!
  isAssetJob: Boolean!
  isJob: Boolean!
  metadataEntries: [MetadataEntry!]!
  modes: [Mode!]!
  name: String!
  parentSnapshotId: String
  pipelineSnapshotId: String!
  presets: [PipelinePreset!]!
  repository: Repository!
  runs(cursor: String, limit: Int): [Run!]!
  schedules: [Schedule!]!
  sensors: [Sensor!]!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solids: [Solid!]!
  tags: [PipelineTag!]!
}

interface PipelineConfigValidationError {
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
}

interface PipelineConfigValidationInvalid {
  errors: [PipelineConfigValidationError!]!
  pipelineName: String!
}

union PipelineConfigValidationResult = InvalidSubsetError | PipelineConfigValidationValid | PipelineNotFoundError | PythonError | RunConfigValidationInvalid

type PipelineConfigValidationValid {
  pipelineName: String!
}

type PipelineNotFoundError implements Error {
  message: String!
  pipelineName: String!
  repositoryLocationName: String!
  repositoryName: String!
}

union PipelineOrError = InvalidSubsetError | Pipeline | PipelineNotFoundError | PythonError

type PipelinePreset {
  mode: String!
  name: String!
  runConfigYaml: String!
  solidSelection: [String!]
  tags: [PipelineTag!]!
}

interface PipelineReference {
  name: String!
  solidSelection: [String!]
}

interface PipelineRun {
  assets: [Asset!]!
  canTerminate: Boolean!
  capturedLogs(fileKey: String!): CapturedLogs!
  computeLogs(stepKey: String!): ComputeLogs!
  eventConnection(afterCursor: String): EventConnection!
  executionPlan: ExecutionPlan
  id: ID!
  jobName: String!
  mode: String!
  parentRunId: String
  pipeline: PipelineReference!
  pipelineName: String!
  pipelineSnapshotId: String
  repositoryOrigin: RepositoryOrigin
  rootRunId: String
  runConfig: RunConfigData!
  runConfigYaml: String!
  runId: String!
  solidSelection: [String!]
  stats: RunStatsSnapshotOrError!
  status: RunStatus!
  stepKeysToExecute: [String!]
  stepStats: [RunStepStats!]!
  tags: [PipelineTag!]!
}

interface PipelineRunConflict {
  message: String!
}

type PipelineRunLogsSubscriptionFailure {
  message: String!
  missingRunId: String
}

union PipelineRunLogsSubscriptionPayload = PipelineRunLogsSubscriptionFailure | PipelineRunLogsSubscriptionSuccess

type PipelineRunLogsSubscriptionSuccess {
  cursor: String!
  hasMorePastEvents: Boolean!
  messages: [DagsterRunEvent!]!
  run: Run!
}

type PipelineRunMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  runId: String!
}

interface PipelineRunNotFoundError implements Error {
  message: String!
  runId: String!
}

interface PipelineRunStatsSnapshot {
  endTime: Float
  enqueuedTime: Float
  expectations: Int!
  id: String!
  launchTime: Float
  materializations: Int!
  runId: String!
  startTime: Float
  stepsFailed: Int!
  stepsSucceeded: Int!
}

interface PipelineRunStepStats {
  endTime: Float
  expectationResults: [ExpectationResult!]!
  materializations: [MaterializationEvent!]!
  runId: String!
  startTime: Float
  status: StepEventStatus
  stepKey: String!
}

interface PipelineRuns {
  count: Int
  results: [Run!]!
}

input PipelineSelector {
  assetCheckSelection: [AssetCheckHandleInput!]
  assetSelection: [AssetKeyInput!]
  pipelineName: String!
  repositoryLocationName: String!
  repositoryName: String!
  solidSelection: [String!]
}

type PipelineSnapshot implements IPipelineSnapshot & PipelineReference & SolidContainer {
  dagsterTypeOrError(dagsterTypeName: String!): DagsterTypeOrError!
  dagsterTypes: [DagsterType!]!
  description: String
  graphName: String!
  id: ID!
  metadataEntries: [MetadataEntry!]!
  modes: [Mode!]!
  name: String!
  parentSnapshotId: String
  pipelineSnapshotId: String!
  runs(cursor: String, limit: Int): [Run!]!
  schedules: [Schedule!]!
  sensors: [Sensor!]!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solidSelection: [String!]
  solids: [Solid!]!
  tags: [PipelineTag!]!
}

type PipelineSnapshotNotFoundError implements Error {
  message: String!
  snapshotId: String!
}

union PipelineSnapshotOrError = PipelineNotFoundError | PipelineSnapshot | PipelineSnapshotNotFoundError | PythonError

type PipelineTag {
  key: String!
  value: String!
}

type PipelineTagAndValues {
  key: String!
  values: [String!]!
}

type PresetNotFoundError implements Error {
  message: String!
  preset: String!
}

type PythonArtifactMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  module: String!
  name: String!
}

type PythonError implements Error {
  cause: PythonError
  causes: [PythonError!]!
  className: String
  errorChain: [ErrorChainLink!]!
  message: String!
  stack: [String!]!
}

type Query {
  allTopLevelResourceDetailsOrError(repositorySelector: RepositorySelector!): ResourcesOrError!
  assetBackfillPreview(params: AssetBackfillPreviewParams!): [AssetPartitions!]!
  assetCheckExecutions(assetKey: AssetKeyInput!, checkName: String!, cursor: String, limit: Int!): [AssetCheckExecution!]!
  assetConditionEvaluationForPartition(assetKey: AssetKeyInput!, evaluationId: Int!, partition: String!): AssetConditionEvaluation
  assetConditionEvaluationRecordsOrError(assetKey: AssetKeyInput!, cursor: String, limit: Int!): AssetConditionEvaluationRecordsOrError
  assetConditionEvaluationsForEvaluationId(evaluationId: Int!): AssetConditionEvaluationRecordsOrError
  assetNodeAdditionalRequiredKeys(assetKeys: [AssetKeyInput!]!): [AssetKey!]!
  assetNodeDefinitionCollisions(assetKeys: [AssetKeyInput!]!): [AssetNodeDefinitionCollision!]!
  assetNodeOrError(assetKey: AssetKeyInput!): AssetNodeOrError!
  assetNodes(assetKeys: [AssetKeyInput!], group: AssetGroupSelector, loadMaterializations: Boolean = false, pipeline: PipelineSelector): [AssetNode!]!
  assetOrError(assetKey: AssetKeyInput!): AssetOrError!
  assetsLatestInfo(assetKeys: [AssetKeyInput!]!): [AssetLatestInfo!]!
  assetsOrError(cursor: String, limit: Int, prefix: [String!]): AssetsOrError!
  autoMaterializeAssetEvaluationsOrError(assetKey: AssetKeyInput!, cursor: String, limit: Int!): AutoMaterializeAssetEvaluationRecordsOrError
  autoMaterializeEvaluationsForEvaluationId(evaluationId: Int!): AutoMaterializeAssetEvaluationRecordsOrError
  autoMaterializeTicks(afterTimestamp: Float, beforeTimestamp: Float, cursor: String, dayOffset: Int, dayRange: Int, limit: Int, statuses: [InstigationTickStatus!]): [InstigationTick!]!
  canBulkTerminate: Boolean!
  capturedLogs(cursor: String, limit: Int, logKey: [String!]!): CapturedLogs!
  capturedLogsMetadata(logKey: [String!]!): CapturedLogsMetadata!
  executionPlanOrError(mode: String!, pipeline: PipelineSelector!, runConfigData: RunConfigData): ExecutionPlanOrError!
  graphOrError(selector: GraphSelector): GraphOrError!
  instance: Instance!
  instigationStateOrError(instigationSelector: InstigationSelector!): InstigationStateOrError!
  isPipelineConfigValid(mode: String!, pipeline: PipelineSelector!, runConfigData: RunConfigData): PipelineConfigValidationResult!
  locationStatusesOrError: WorkspaceLocationStatusEntriesOrError!
  logsForRun(afterCursor: String, limit: Int, runId: ID!): EventConnectionOrError!
  partitionBackfillOrError(backfillId: String!): PartitionBackfillOrError!
  partitionBackfillsOrError(cursor: String, limit: Int, status: BulkActionStatus): PartitionBackfillsOrError!
  partitionSetOrError(partitionSetName: String, repositorySelector: RepositorySelector!): PartitionSetOrError!
  partitionSetsOrError(pipelineName: String!, repositorySelector: RepositorySelector!): PartitionSetsOrError!
  permissions: [Permission!]!
  pipelineOrError(params: PipelineSelector!): PipelineOrError!
  pipelineRunOrError(runId: ID!): RunOrError!
  pipelineRunsOrError(cursor: String, filter: RunsFilter, limit: Int): RunsOrError!
  pipelineSnapshotOrError(activePipelineSelector: PipelineSelector, snapshotId: String): PipelineSnapshotOrError!
  repositoriesOrError(repositorySelector: RepositorySelector): RepositoriesOrError!
  repositoryOrError(repositorySelector: RepositorySelector!): RepositoryOrError!
  runConfigSchemaOrError(mode: String, selector: PipelineSelector!): RunConfigSchemaOrError!
  runGroupOrError(runId: ID!): RunGroupOrError!
  runIdsOrError(cursor: String, filter: RunsFilter, limit: Int): RunIdsOrError!
  runOrError(runId: ID!): RunOrError!
  runTagKeysOrError: RunTagKeysOrError
  runTagsOrError(limit: Int, tagKeys: [String!], valuePrefix: String): RunTagsOrError
  runsOrError(cursor: String, filter: RunsFilter, limit: Int): RunsOrError!
  scheduleOrError(scheduleSelector: ScheduleSelector!): ScheduleOrError!
  scheduler: SchedulerOrError!
  schedulesOrError(repositorySelector: RepositorySelector!, scheduleStatus: InstigationStatus): SchedulesOrError!
  sensorOrError(sensorSelector: SensorSelector!): SensorOrError!
  sensorsOrError(repositorySelector: RepositorySelector!, sensorStatus: InstigationStatus): SensorsOrError!
  shouldShowNux: Boolean!
  test: TestFields
  topLevelResourceDetailsOrError(resourceSelector: ResourceSelector!): ResourceDetailsOrError!
  utilizedEnvVarsOrError(repositorySelector: RepositorySelector!): EnvVarWithConsumersOrError!
  version: String!
  workspaceLocationEntryOrError(name: String!): WorkspaceLocationEntryOrError
  workspaceOrError: WorkspaceOrError!
}

input ReexecutionParams {
  parentRunId: String!
  strategy: ReexecutionStrategy!
}

enum ReexecutionStrategy {
  ALL_STEPS
  FROM_FAILURE
}

type RegularConfigType implements ConfigType {
  description: String
  givenName: String!
  isSelector: Boolean!
  key: String!
  recursiveConfigTypes: [ConfigType!]!
  typeParamKeys: [String!]!
}

type RegularDagsterType implements DagsterType {
  description: String
  displayName: String!
  innerTypes: [DagsterType!]!
  inputSchemaType: ConfigType
  isBuiltin: Boolean!
  isList: Boolean!
  isNothing: Boolean!
  isNullable: Boolean!
  key: String!
  metadataEntries: [MetadataEntry!]!
  name: String
  outputSchemaType: ConfigType
}

type ReloadNotSupported implements Error {
  message: String!
}

type ReloadRepositoryLocationMutation {
  Output: ReloadRepositoryLocationMutationResult!
}

union ReloadRepositoryLocationMutationResult = PythonError | ReloadNotSupported | RepositoryLocationNotFound | UnauthorizedError | WorkspaceLocationEntry

type ReloadWorkspaceMutation {
  Output: ReloadWorkspaceMutationResult!
}

union ReloadWorkspaceMutationResult = PythonError | UnauthorizedError | Workspace

input ReportRunlessAssetEventsParams {
  assetKey: AssetKeyInput!
  description: String
  eventType: AssetEventType!
  partitionKeys: [String]
}

union ReportRunlessAssetEventsResult = PythonError | ReportRunlessAssetEventsSuccess | UnauthorizedError

type ReportRunlessAssetEventsSuccess {
  assetKey: AssetKey!
}

union RepositoriesOrError = PythonError | RepositoryConnection | RepositoryNotFoundError

type Repository {
  allTopLevelResourceDetails: [ResourceDetails!]!
  assetGroups: [AssetGroup!]!
  assetNodes: [AssetNode!]!
  displayMetadata: [RepositoryMetadata!]!
  id: ID!
  jobs: [Job!]!
  location: RepositoryLocation!
  name: String!
  origin: RepositoryOrigin!
  partitionSets: [PartitionSet!]!
  pipelines: [Pipeline!]!
  schedules: [Schedule!]!
  sensors(sensorType: SensorType): [Sensor!]!
  usedSolid(name: String!): UsedSolid
  usedSolids: [UsedSolid!]!
}

type RepositoryConnection {
  nodes: [Repository!]!
}

type RepositoryLocation {
  dagsterLibraryVersions: [DagsterLibraryVersion!]
  environmentPath: String
  id: ID!
  isReloadSupported: Boolean!
  name: String!
  repositories: [Repository!]!
  serverId: String
}

enum RepositoryLocationLoadStatus {
  LOADED
  LOADING
}

type RepositoryLocationNotFound implements Error {
  message: String!
}

union RepositoryLocationOrLoadError = PythonError | RepositoryLocation

type RepositoryMetadata {
  key: String!
  value: String!
}

type RepositoryNotFoundError implements Error {
  message: String!
  repositoryLocationName: String!
  repositoryName: String!
}

union RepositoryOrError = PythonError | Repository | RepositoryNotFoundError

type RepositoryOrigin {
  id: String!
  repositoryLocationMetadata: [RepositoryMetadata!]!
  repositoryLocationName: String!
  repositoryName: String!
}

input RepositorySelector {
  repositoryLocationName: String!
  repositoryName: String!
}

type RequestedMaterializationsForAsset {
  assetKey: AssetKey!
  partitionKeys: [String!]!
}

type ResetScheduleMutation {
  Output: ScheduleMutationResult!
}

type ResetSensorMutation {
  Output: SensorOrError!
}

type Resource {
  configField: ConfigTypeField
  description: String
  name: String!
}

type ResourceDetails {
  assetKeysUsing: [AssetKey!]!
  configFields: [ConfigTypeField!]!
  configuredValues: [ConfiguredValue!]!
  description: String
  id: String!
  isTopLevel: Boolean!
  jobsOpsUsing: [JobWithOps!]!
  name: String!
  nestedResources: [NestedResourceEntry!]!
  parentResources: [NestedResourceEntry!]!
  resourceType: String!
  schedulesUsing: [String!]!
  sensorsUsing: [String!]!
}

type ResourceDetailsList {
  results: [ResourceDetails!]!
}

union ResourceDetailsOrError = PythonError | ResourceDetails | ResourceNotFoundError

type ResourceInitFailureEvent implements DisplayableEvent & ErrorEvent & MarkerEvent & MessageEvent & StepEvent {
  description: String
  error: PythonError
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  markerEnd: String
  markerStart: String
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ResourceInitStartedEvent implements DisplayableEvent & MarkerEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  markerEnd: String
  markerStart: String
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ResourceInitSuccessEvent implements DisplayableEvent & MarkerEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  markerEnd: String
  markerStart: String
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type ResourceNotFoundError implements Error {
  message: String!
  resourceName: String!
}

type ResourceRequirement {
  resourceKey: String!
}

input ResourceSelector {
  repositoryLocationName: String!
  repositoryName: String!
  resourceName: String!
}

union ResourcesOrError = PythonError | RepositoryNotFoundError | ResourceDetailsList

union ResumeBackfillResult = PythonError | ResumeBackfillSuccess | UnauthorizedError

type ResumeBackfillSuccess {
  backfillId: String!
}

type Run implements PipelineRun {
  assetCheckSelection: [AssetCheckhandle!]
  assetMaterializations: [MaterializationEvent!]!
  assetSelection: [AssetKey!]
  assets: [Asset!]!
  canTerminate: Boolean!
  capturedLogs(fileKey: String!): CapturedLogs!
  computeLogs(stepKey: String!): ComputeLogs!
  endTime: Float
  eventConnection(afterCursor: String): EventConnection!
  executionPlan: ExecutionPlan
  hasConcurrencyKeySlots: Boolean!
  hasDeletePermission: Boolean!
  hasReExecutePermission: Boolean!
  hasTerminatePermission: Boolean!
  hasUnconstrainedRootNodes: Boolean!
  id: ID!
  jobName: String!
  mode: String!
  parentPipelineSnapshotId: String
  parentRunId: String
  pipeline: PipelineReference!
  pipelineName: String!
  pipelineSnapshotId: String
  repositoryOrigin: RepositoryOrigin
  resolvedOpSelection: [String!]
  rootConcurrencyKeys: [String!]
  rootRunId: String
  runConfig: RunConfigData!
  runConfigYaml: String!
  runId: String!
  solidSelection: [String!]
  startTime: Float
  stats: RunStatsSnapshotOrError!
  status: RunStatus!
  stepKeysToExecute: [String!]
  stepStats: [RunStepStats!]!
  tags: [PipelineTag!]!
  updateTime: Float
}

type RunCanceledEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type RunCancelingEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

scalar RunConfigData

type RunConfigSchema {
  allConfigTypes: [ConfigType!]!
  isRunConfigValid(runConfigData: RunConfigData): PipelineConfigValidationResult!
  rootConfigType: ConfigType!
  rootDefaultYaml: String!
}

union RunConfigSchemaOrError = InvalidSubsetError | ModeNotFoundError | PipelineNotFoundError | PythonError | RunConfigSchema

type RunConfigValidationInvalid implements PipelineConfigValidationInvalid {
  errors: [PipelineConfigValidationError!]!
  pipelineName: String!
}

type RunConflict implements Error & PipelineRunConflict {
  message: String!
}

type RunDequeuedEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type RunEnqueuedEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

interface RunEvent {
  pipelineName: String!
}

type RunFailureEvent implements ErrorEvent & MessageEvent & RunEvent {
  error: PythonError
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type RunGroup {
  rootRunId: String!
  runs: [Run]
}

type RunGroupNotFoundError implements Error {
  message: String!
  runId: String!
}

union RunGroupOrError = PythonError | RunGroup | RunGroupNotFoundError

type RunGroups {
  results: [RunGroup!]!
}

type RunIds {
  results: [String!]!
}

union RunIdsOrError = InvalidPipelineRunsFilterError | PythonError | RunIds

type RunLauncher {
  name: String!
}

type RunMarker {
  endTime: Float
  startTime: Float
}

type RunNotFoundError implements Error & PipelineRunNotFoundError {
  message: String!
  runId: String!
}

union RunOrError = PythonError | Run | RunNotFoundError

type RunQueueConfig {
  isOpConcurrencyAware: Boolean
  maxConcurrentRuns: Int!
  tagConcurrencyLimitsYaml: String
}

type RunRequest {
  assetSelection: [AssetKey!]
  jobName: String
  runConfigYaml: String!
  runKey: String
  tags: [PipelineTag!]!
}

type RunStartEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type RunStartingEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type RunStatsSnapshot implements PipelineRunStatsSnapshot {
  endTime: Float
  enqueuedTime: Float
  expectations: Int!
  id: String!
  launchTime: Float
  materializations: Int!
  runId: String!
  startTime: Float
  stepsFailed: Int!
  stepsSucceeded: Int!
}

union RunStatsSnapshotOrError = PythonError | RunStatsSnapshot

enum RunStatus {
  CANCELED
  CANCELING
  FAILURE
  MANAGED
  NOT_STARTED
  QUEUED
  STARTED
  STARTING
  SUCCESS
}

type RunStepStats implements PipelineRunStepStats {
  attempts: [RunMarker!]!
  endTime: Float
  expectationResults: [ExpectationResult!]!
  markers: [RunMarker!]!
  materializations: [MaterializationEvent!]!
  runId: String!
  startTime: Float
  status: StepEventStatus
  stepKey: String!
}

type RunSuccessEvent implements MessageEvent & RunEvent {
  eventType: DagsterEventType
  level: LogLevel!
  message: String!
  pipelineName: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type RunTagKeys {
  keys: [String!]!
}

union RunTagKeysOrError = PythonError | RunTagKeys

type RunTags {
  tags: [PipelineTagAndValues!]!
}

union RunTagsOrError = PythonError | RunTags

type Runs implements PipelineRuns {
  count: Int
  results: [Run!]!
}

input RunsFilter {
  createdAfter: Float
  createdBefore: Float
  mode: String
  pipelineName: String
  runIds: [String]
  snapshotId: String
  statuses: [RunStatus!]
  tags: [ExecutionTag!]
  updatedAfter: Float
  updatedBefore: Float
}

union RunsOrError = InvalidPipelineRunsFilterError | PythonError | Runs

type RuntimeMismatchConfigError implements PipelineConfigValidationError {
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
  valueRep: String
}

type ScalarUnionConfigType implements ConfigType {
  description: String
  isSelector: Boolean!
  key: String!
  nonScalarType: ConfigType!
  nonScalarTypeKey: String!
  recursiveConfigTypes: [ConfigType!]!
  scalarType: ConfigType!
  scalarTypeKey: String!
  typeParamKeys: [String!]!
}

type Schedule {
  canReset: Boolean!
  cronSchedule: String!
  defaultStatus: InstigationStatus!
  description: String
  executionTimezone: String
  futureTick(tickTimestamp: Int!): DryRunInstigationTick!
  futureTicks(cursor: Float, limit: Int, until: Float): DryRunInstigationTicks!
  id: ID!
  mode: String!
  name: String!
  partitionSet: PartitionSet
  pipelineName: String!
  potentialTickTimestamps(lowerLimit: Int, startTimestamp: Float, upperLimit: Int): [Float!]!
  scheduleState: InstigationState!
  solidSelection: [String]
}

type ScheduleData {
  cronSchedule: String!
  startTimestamp: Float
}

union ScheduleDryRunResult = DryRunInstigationTick | PythonError | ScheduleNotFoundError

union ScheduleMutationResult = PythonError | ScheduleStateResult | UnauthorizedError

type ScheduleNotFoundError implements Error {
  message: String!
  scheduleName: String!
}

union ScheduleOrError = PythonError | Schedule | ScheduleNotFoundError

input ScheduleSelector {
  repositoryLocationName: String!
  repositoryName: String!
  scheduleName: String!
}

type ScheduleStateResult {
  scheduleState: InstigationState!
}

enum ScheduleStatus {
  ENDED
  RUNNING
  STOPPED
}

type ScheduleTick {
  status: InstigationTickStatus!
  tickId: String!
  tickSpecificData: ScheduleTickSpecificData
  timestamp: Float!
}

type ScheduleTickFailureData {
  error: PythonError!
}

union ScheduleTickSpecificData = ScheduleTickFailureData | ScheduleTickSuccessData

type ScheduleTickSuccessData {
  run: Run
}

type Scheduler {
  schedulerClass: String
}

type SchedulerNotDefinedError implements Error {
  message: String!
}

union SchedulerOrError = PythonError | Scheduler | SchedulerNotDefinedError

type Schedules {
  results: [Schedule!]!
}

union SchedulesOrError = PythonError | RepositoryNotFoundError | Schedules

type SelectorTypeConfigError implements PipelineConfigValidationError {
  incomingFields: [String!]!
  message: String!
  path: [String!]!
  reason: EvaluationErrorReason!
  stack: EvaluationStack!
}

type Sensor {
  assetSelection: AssetSelection
  canReset: Boolean!
  defaultStatus: InstigationStatus!
  description: String
  id: ID!
  jobOriginId: String!
  metadata: SensorMetadata!
  minIntervalSeconds: Int!
  name: String!
  nextTick: DryRunInstigationTick
  sensorState: InstigationState!
  sensorType: SensorType!
  targets: [Target!]
}

type SensorData {
  lastCursor: String
  lastRunKey: String
  lastTickTimestamp: Float
}

union SensorDryRunResult = DryRunInstigationTick | PythonError | SensorNotFoundError

type SensorMetadata {
  assetKeys: [AssetKey!]
}

type SensorNotFoundError implements Error {
  message: String!
  sensorName: String!
}

union SensorOrError = PythonError | Sensor | SensorNotFoundError | UnauthorizedError

input SensorSelector {
  repositoryLocationName: String!
  repositoryName: String!
  sensorName: String!
}

enum SensorType {
  ASSET
  AUTOMATION
  AUTO_MATERIALIZE
  FRESHNESS_POLICY
  MULTI_ASSET
  RUN_STATUS
  STANDARD
  UNKNOWN
}

type Sensors {
  results: [Sensor!]!
}

union SensorsOrError = PythonError | RepositoryNotFoundError | Sensors

type SetSensorCursorMutation {
  Output: SensorOrError!
}

type ShutdownRepositoryLocationMutation {
  Output: ShutdownRepositoryLocationMutationResult!
}

union ShutdownRepositoryLocationMutationResult = PythonError | RepositoryLocationNotFound | ShutdownRepositoryLocationSuccess | UnauthorizedError

type ShutdownRepositoryLocationSuccess {
  repositoryLocationName: String!
}

type Solid {
  definition: ISolidDefinition!
  inputs: [Input!]!
  isDynamicMapped: Boolean!
  name: String!
  outputs: [Output!]!
}

interface SolidContainer {
  description: String
  id: ID!
  modes: [Mode!]!
  name: String!
  solidHandle(handleID: String!): SolidHandle
  solidHandles(parentHandleID: String): [SolidHandle!]!
  solids: [Solid!]!
}

type SolidDefinition implements ISolidDefinition {
  assetNodes: [AssetNode!]!
  configField: ConfigTypeField
  description: String
  inputDefinitions: [InputDefinition!]!
  metadata: [MetadataItemDefinition!]!
  name: String!
  outputDefinitions: [OutputDefinition!]!
  requiredResources: [ResourceRequirement!]!
}

type SolidHandle {
  handleID: String!
  parent: SolidHandle
  solid: Solid!
  stepStats(limit: Int): SolidStepStatsOrError
}

type SolidStepStatsConnection {
  nodes: [RunStepStats!]!
}

union SolidStepStatsOrError = SolidStepStatsConnection | SolidStepStatusUnavailableError

type SolidStepStatusUnavailableError implements Error {
  message: String!
}

union SourceLocation = LocalFileCodeReference | UrlCodeReference

type SpecificPartitionAssetConditionEvaluationNode {
  childUniqueIds: [String!]!
  description: String!
  metadataEntries: [MetadataEntry!]!
  status: AssetConditionEvaluationStatus!
  uniqueId: String!
}

type StaleCause {
  category: StaleCauseCategory!
  dependency: AssetKey
  dependencyPartitionKey: String
  key: AssetKey!
  partitionKey: String
  reason: String!
}

enum StaleCauseCategory {
  CODE
  DATA
  DEPENDENCIES
}

enum StaleStatus {
  FRESH
  MISSING
  STALE
}

type StartScheduleMutation {
  Output: ScheduleMutationResult!
}

interface StepEvent {
  solidHandleID: String
  stepKey: String
}

enum StepEventStatus {
  FAILURE
  IN_PROGRESS
  SKIPPED
  SUCCESS
}

input StepExecution {
  marshalledInputs: [MarshalledInput!]
  marshalledOutputs: [MarshalledOutput!]
  stepKey: String!
}

type StepExpectationResultEvent implements MessageEvent & StepEvent {
  eventType: DagsterEventType
  expectationResult: ExpectationResult!
  level: LogLevel!
  message: String!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

enum StepKind {
  COMPUTE
  UNRESOLVED_COLLECT
  UNRESOLVED_MAPPED
}

input StepOutputHandle {
  outputName: String!
  stepKey: String!
}

type StepWorkerStartedEvent implements DisplayableEvent & MarkerEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  markerEnd: String
  markerStart: String
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type StepWorkerStartingEvent implements DisplayableEvent & MarkerEvent & MessageEvent & StepEvent {
  description: String
  eventType: DagsterEventType
  label: String
  level: LogLevel!
  markerEnd: String
  markerStart: String
  message: String!
  metadataEntries: [MetadataEntry!]!
  runId: String!
  solidHandleID: String
  stepKey: String
  timestamp: String!
}

type StopRunningScheduleMutation {
  Output: ScheduleMutationResult!
}

type StopSensorMutation {
  Output: StopSensorMutationResultOrError!
}

type StopSensorMutationResult {
  instigationState: InstigationState
}

union StopSensorMutationResultOrError = PythonError | StopSensorMutationResult | UnauthorizedError

type Subscription {
  capturedLogs(cursor: String, logKey: [String!]!): CapturedLogs!
  computeLogs(cursor: String, ioType: ComputeIOType!, runId: ID!, stepKey: String!): ComputeLogFile!
  locationStateChangeEvents: LocationStateChangeSubscription!
  pipelineRunLogs(cursor: String, runId: ID!): PipelineRunLogsSubscriptionPayload!
}

type Table {
  records: [String!]!
  schema: TableSchema!
}

type TableColumn {
  constraints: TableColumnConstraints!
  description: String
  name: String!
  type: String!
}

type TableColumnConstraints {
  nullable: Boolean!
  other: [String!]!
  unique: Boolean!
}

type TableColumnDep {
  assetKey: AssetKey!
  columnName: String!
}

type TableColumnLineageEntry {
  columnDeps: [TableColumnDep!]!
  columnName: String!
}

type TableColumnLineageMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  lineage: [TableColumnLineageEntry!]!
}

type TableConstraints {
  other: [String!]!
}

type TableMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  table: Table!
}

type TableSchema {
  columns: [TableColumn!]!
  constraints: TableConstraints
}

type TableSchemaMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  schema: TableSchema!
}

type Target {
  mode: String!
  pipelineName: String!
  solidSelection: [String!]
}

type TeamAssetOwner {
  team: String!
}

interface TerminatePipelineExecutionFailure {
  message: String!
  run: Run!
}

interface TerminatePipelineExecutionSuccess {
  run: Run!
}

type TerminateRunFailure implements TerminatePipelineExecutionFailure {
  message: String!
  run: Run!
}

type TerminateRunMutation {
  Output: TerminateRunResult!
}

enum TerminateRunPolicy {
  MARK_AS_CANCELED_IMMEDIATELY
  SAFE_TERMINATE
}

union TerminateRunResult = PythonError | RunNotFoundError | TerminateRunFailure | TerminateRunSuccess | UnauthorizedError

type TerminateRunSuccess implements TerminatePipelineExecutionSuccess {
  run: Run!
}

type TerminateRunsResult {
  terminateRunResults: [TerminateRunResult!]!
}

union TerminateRunsResultOrError = PythonError | TerminateRunsResult

type TestFields {
  alwaysException: String
  asyncString: String
}

type TextMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  text: String!
}

type TextRuleEvaluationData {
  text: String
}

type TickEvaluation {
  cursor: String
  dynamicPartitionsRequests: [DynamicPartitionRequest!]
  error: PythonError
  runRequests: [RunRequest!]
  skipReason: String
}

type TimePartitionRangeStatus {
  endKey: String!
  endTime: Float!
  startKey: String!
  startTime: Float!
  status: PartitionRangeStatus!
}

type TimePartitionStatuses {
  ranges: [TimePartitionRangeStatus!]!
}

type TimestampMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  timestamp: Float!
}

type TypeCheck implements DisplayableEvent {
  description: String
  label: String
  metadataEntries: [MetadataEntry!]!
  success: Boolean!
}

type UnauthorizedError implements Error {
  message: String!
}

type UnknownPipeline implements PipelineReference {
  name: String!
  solidSelection: [String!]
}

type UnpartitionedAssetConditionEvaluationNode {
  childUniqueIds: [String!]!
  description: String!
  endTimestamp: Float
  metadataEntries: [MetadataEntry!]!
  startTimestamp: Float
  status: AssetConditionEvaluationStatus!
  uniqueId: String!
}

type UnpartitionedAssetStatus {
  assetKey: AssetKey!
  failed: Boolean!
  inProgress: Boolean!
  materialized: Boolean!
}

type UrlCodeReference {
  label: String
  url: String!
}

type UrlMetadataEntry implements MetadataEntry {
  description: String
  label: String!
  url: String!
}

type UsedSolid {
  definition: ISolidDefinition!
  invocations: [NodeInvocationSite!]!
}

type UserAssetOwner {
  email: String!
}

type WaitingOnKeysRuleEvaluationData {
  waitingOnAssetKeys: [AssetKey!]
}

type Workspace {
  id: String!
  locationEntries: [WorkspaceLocationEntry!]!
}

type WorkspaceLocationEntry {
  displayMetadata: [RepositoryMetadata!]!
  featureFlags: [FeatureFlag!]!
  id: ID!
  loadStatus: RepositoryLocationLoadStatus!
  locationOrLoadError: RepositoryLocationOrLoadError
  name: String!
  permissions: [Permission!]!
  updatedTimestamp: Float!
}

union WorkspaceLocationEntryOrError = PythonError | WorkspaceLocationEntry

type WorkspaceLocationStatusEntries {
  entries: [WorkspaceLocationStatusEntry!]!
}

union WorkspaceLocationStatusEntriesOrError = PythonError | WorkspaceLocationStatusEntries

type WorkspaceLocationStatusEntry {
  id: ID!
  loadStatus: RepositoryLocationLoadStatus!
  name: String!
  permissions: [Permission!]!
  updateTimestamp: Float!
}

union WorkspaceOrError = PythonError | Workspace

interface WrappingConfigType {
  ofType: ConfigType!
}

interface WrappingDagsterType {
  ofType: DagsterType!
}
`;
