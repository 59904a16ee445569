// A client of HireSphere, typed by what `schemas/` says: drafts a job, applies, reads the ranked pool, and follows
// the live feed. `scripts/ts-client.sh` makes `./api.ts` and `./events.ts` and holds this file against them.

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";
import type { EventData, FeedMessage } from "./events.js";

type Problem = components["schemas"]["Problem"];
type PoolRow = components["schemas"]["PoolPage"]["items"][number];

/** An event as the feed tells it, its `data` by its `type`. */
type Told = {
    [T in keyof EventData]: Omit<FeedMessage, "type" | "data"> & { type: T; data: EventData[T] };
}[keyof EventData];

/** The other message of the feed: nothing happened for a while. */
type Heartbeat = { type: "heartbeat"; position: number };

export function client(baseUrl: string, token: string) {
    return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
}

type Client = ReturnType<typeof client>;

/** What was answered, or an error with the problem's stable code. */
function answered<T>(answer: { data?: T; error?: unknown }): T {
    if (answer.data === undefined) {
        const problem = answer.error as Problem | undefined;
        throw new Error(`${problem?.code ?? "NO_ANSWER"}: ${problem?.detail ?? ""}`);
    }
    return answer.data;
}

/** Drafts a job and opens it; its id. A key makes a repeat harmless. */
export async function openJob(api: Client, key: string): Promise<string> {
    const drafted = answered(
        await api.POST("/v1/jobs", {
            params: { header: { "Idempotency-Key": key } },
            body: {
                title: "Ward Nurse",
                description: "Care for patients on an acute ward.",
                openings: 2,
                requirements: [{ text: "Registered nurse", must_have: true }],
            },
        }),
    );
    const params = { path: { job: drafted.id } };
    answered(await api.PUT("/v1/jobs/{job}/rubric", { params, body: { rubric: "default", version: 1 } }));
    answered(await api.POST("/v1/jobs/{job}/publish", { params, body: { valid_through: "2027-01-31" } }));
    return drafted.id;
}

/** Applies as anybody can; the answer's `token` opens the application to its applicant. */
export async function apply(api: Client, job: string, resume: File) {
    return answered(
        await api.POST("/v1/jobs/{job}/applications", {
            params: { path: { job } },
            body: { name: "Ada Lovelace", email: "ada@example.org", resume: resume.name },
            // A form's file is a string to the types and a file to the form.
            bodySerializer: (fields) => {
                const form = new FormData();
                for (const [name, value] of Object.entries(fields)) {
                    if (name !== "resume" && typeof value === "string") form.set(name, value);
                }
                form.set("resume", resume);
                return form;
            },
        }),
    );
}

/** The whole ranked pool, page by page, with one's own write in it. */
export async function pool(api: Client, job: string, min_position: number): Promise<PoolRow[]> {
    const rows: PoolRow[] = [];
    let cursor: string | undefined;
    do {
        const query = { sort: "rank", limit: 200, min_position, ...(cursor ? { cursor } : {}) } as const;
        const page = answered(await api.GET("/v1/jobs/{job}/pool", { params: { path: { job }, query } }));
        rows.push(...page.items);
        cursor = page.next ?? undefined;
    } while (cursor);
    return rows;
}

/** Follows the feed of a job, from behind a position, until the token is revoked. */
export async function follow(
    baseUrl: string,
    api: Client,
    job: string,
    after: number,
    told: (event: Told) => void,
): Promise<void> {
    let position = after;
    for (;;) {
        // A browser cannot send a header with a WebSocket: each connection has a ticket of its own.
        const { ticket } = answered(await api.POST("/v1/live/tickets"));
        const url = new URL("/v1/live", baseUrl.replace(/^http/, "ws"));
        const query: NonNullable<paths["/v1/live"]["get"]["parameters"]["query"]> = { ticket, job, after: position };
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
        const code = await new Promise<number>((closed) => {
            const socket = new WebSocket(url);
            socket.onmessage = (frame: MessageEvent<string>) => {
                const message = JSON.parse(frame.data) as Told | Heartbeat;
                position = message.position;
                if (message.type !== "heartbeat") told(message);
            };
            socket.onclose = (end) => closed(end.code);
        });
        if (code === 4401) return;
        await new Promise((later) => setTimeout(later, 1000));
    }
}

/** Everything, one after another. */
export async function tour(baseUrl: string, token: string, resume: File): Promise<void> {
    const api = client(baseUrl, token);
    const job = await openJob(api, crypto.randomUUID());
    const applied = await apply(api, job, resume);
    // Absent while the log has not numbered the write yet: then from the beginning.
    const position = applied.position ?? 0;
    for (const row of await pool(api, job, position)) {
        console.log(row.rank, row.name, row.total);
    }
    await follow(baseUrl, api, job, position, (event) => {
        switch (event.type) {
            case "application.score_recorded.v1":
                console.log(event.at, "scored", event.data.total, event.data.criteria.length);
                break;
            case "application.stage_changed.v1":
                console.log(event.at, "moved", event.data.from, event.data.to.id);
                break;
            default:
                console.log(event.at, event.type, event.stream);
        }
    });
}
