import type { ComponentChildren } from "preact";
import type { AcceptKeySteps } from "../../frames/accept_key.ts";
import { Panel } from "../ui/Panel.tsx";

/** How the accept key is made, step by step, beside the one that the server sent. */
export function AcceptSteps(
  { steps, answered }: { steps: AcceptKeySteps | null; answered: string | null },
) {
  return (
    <Panel id="accept" title="Accept key" note="RFC 6455 §4.2.2">
      {steps === null
        ? <p class="empty">Without a Sec-WebSocket-Key there is nothing to compute.</p>
        : (
          <ol class="steps">
            <Step name="Key" how="Sec-WebSocket-Key, as it came">{steps.key}</Step>
            <Step name="Concatenated" how="key and the fixed GUID">
              {steps.key}
              <span class="step-guid">{steps.guid}</span>
            </Step>
            <Step name="SHA-1" how="20 bytes">{hexBytes(steps.sha1Hex)}</Step>
            <Step name="Base64" how="what Sec-WebSocket-Accept must say">{steps.accept}</Step>
            <Comparison expected={steps.accept} answered={answered} />
          </ol>
        )}
    </Panel>
  );
}

function Step({ name, how, children }: {
  name: string;
  how: string;
  children: ComponentChildren;
}) {
  return (
    <li class="step">
      <span class="step-name">{name}</span>
      <span class="step-how">{how}</span>
      <code class="step-value">{children}</code>
    </li>
  );
}

function Comparison({ expected, answered }: { expected: string; answered: string | null }) {
  if (answered === null) {
    return <li class="step step-end">The server sent no Sec-WebSocket-Accept.</li>;
  }
  const same = answered === expected;
  return (
    <li class={`step step-end ${same ? "step-good" : "step-bad"}`}>
      <span class="step-name">{same ? "✓ The server sent the same" : "✗ The server sent"}</span>
      {!same && <code class="step-value">{answered}</code>}
    </li>
  );
}

function hexBytes(hex: string): string {
  return hex.replace(/../g, "$& ").trimEnd();
}
