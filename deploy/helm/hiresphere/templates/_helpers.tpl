{{/*
What is said in more than one template: names, labels, which role needs what, and the parts of a pod.
*/}}

{{/*
Which role needs what. `bus`: talks to NATS. `people`: opens people's data, and so gets the keys' database and the
master key. `documents`: reads and writes documents. `http`: others call it.
*/}}
{{- define "hiresphere.roles" -}}
api:         { bus: true,  people: true,  documents: true,  http: true }
live-feed:   { bus: true,  people: true,  documents: false, http: true }
sequencer:   { bus: false, people: false, documents: false, http: false }
relay:       { bus: true,  people: false, documents: false, http: false }
projections: { bus: true,  people: true,  documents: false, http: false }
scorers:     { bus: true,  people: true,  documents: true,  http: false }
notifier:    { bus: true,  people: true,  documents: false, http: false }
{{- end }}

{{- define "hiresphere.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for any role's name behind it. */}}
{{- define "hiresphere.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "hiresphere.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "hiresphere.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "hiresphere.selector" -}}
app.kubernetes.io/name: {{ include "hiresphere.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "hiresphere.labels" -}}
{{ include "hiresphere.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "hiresphere.image" -}}
{{- $repository := required "image.repository: name the registry and repository that you pushed the image to" .Values.image.repository }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* Meets the pod security standard "restricted". */}}
{{- define "hiresphere.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "hiresphere.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* A variable out of a Secret. Called with: name, secret, key. */}}
{{- define "hiresphere.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}

{{/* The variables of a role. Called with: root, role, needs. */}}
{{- define "hiresphere.env" -}}
{{- $values := .root.Values }}
- name: HIRESPHERE_LISTEN
  value: 0.0.0.0:8080
- name: HIRESPHERE_LOG_FORMAT
  value: {{ $values.logFormat }}
{{- with $values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{ include "hiresphere.fromSecret" (dict "name" "HIRESPHERE_DATABASE_URL" "secret" $values.database.existingSecret "key" .role) }}
{{- if .needs.bus }}
{{ include "hiresphere.fromSecret" (dict "name" "HIRESPHERE_NATS_URL" "secret" $values.nats.existingSecret "key" $values.nats.urlKey) }}
{{- end }}
{{- if .needs.people }}
{{- with $values.keys.existingSecret }}
{{ include "hiresphere.fromSecret" (dict "name" "HIRESPHERE_KEYS_URL" "secret" . "key" $.role) }}
{{- end }}
- name: HIRESPHERE_MASTER_KEY_FILE
  value: /var/run/hiresphere/master.key
- name: HIRESPHERE_DOCUMENTS_URL
  value: {{ required "documents.url: s3://bucket/prefix, or file:///data/documents with documents.existingClaim" $values.documents.url | quote }}
- name: HIRESPHERE_DATA
  value: {{ include "hiresphere.data" . }}
{{- end }}
{{- if has .role (list "api" "scorers") }}
{{- with $values.grading.grader }}
- name: HIRESPHERE_GRADER
  value: {{ . | quote }}
{{- end }}
{{- with $values.grading.shadow }}
- name: HIRESPHERE_SHADOW
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- with $values.notifications.existingSecret }}
{{- $told := list }}
{{- if eq $.role "notifier" }}{{ $told = list "HIRESPHERE_SMTP_URL" "HIRESPHERE_SLACK_HOOK_URL" "HIRESPHERE_SLACK_BOT_TOKEN" "HIRESPHERE_SLACK_SIGNING_SECRET" }}{{ end }}
{{- if eq $.role "api" }}{{ $told = list "HIRESPHERE_SLACK_SIGNING_SECRET" }}{{ end }}
{{- $secret := . }}
{{- range $told }}
{{ include "hiresphere.fromSecret" (dict "name" . "secret" $secret "key" .) }}
      optional: true
{{- end }}
{{- end }}
{{- if eq .role "scorers" }}
- name: HIRESPHERE_SANDBOX
  value: {{ $values.sandbox }}
{{- with $values.grading.existingSecret }}
{{ include "hiresphere.fromSecret" (dict "name" $values.grading.secretKey "secret" . "key" $values.grading.secretKey) }}
{{- end }}
{{- end }}
{{- if .needs.documents }}
{{- with $values.documents.endpoint }}
- name: AWS_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with $values.documents.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- if $values.documents.allowHttp }}
- name: AWS_ALLOW_HTTP
  value: "true"
{{- end }}
{{- with $values.documents.existingSecret }}
{{ include "hiresphere.fromSecret" (dict "name" "AWS_ACCESS_KEY_ID" "secret" . "key" "access-key-id") }}
{{ include "hiresphere.fromSecret" (dict "name" "AWS_SECRET_ACCESS_KEY" "secret" . "key" "secret-access-key") }}
{{- end }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The scratch folder; the notifier's is kept when there is a claim for it. */}}
{{- define "hiresphere.data" -}}
{{- if and (eq .role "notifier") .root.Values.notices.existingClaim }}/data{{ else }}/tmp/hiresphere{{ end }}
{{- end }}
