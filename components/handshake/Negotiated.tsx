import { Panel } from "../ui/Panel.tsx";
import type { HandshakeView } from "./handshake_view.ts";

/** What client and server agreed on: the subprotocol and the extensions. */
export function Negotiated({ view }: { view: HandshakeView }) {
  const { protocols, protocol, extensions } = view;
  return (
    <Panel id="negotiated" title="Agreed on">
      <table class="headers agreed" aria-label="What was offered and what was answered">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Offered</th>
            <th scope="col">Answered</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Subprotocol</th>
            <td class="header-value">{protocols.join(", ") || "none"}</td>
            <td class="header-value">{protocol ?? "none"}</td>
          </tr>
          {extensions.map(({ name, offered, answered }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="header-value">
                {offered.length === 0 ? "not offered" : offered.map((one) => one || "as it is")
                  .join(" or ")}
              </td>
              <td class="header-value">
                {answered === null ? "not taken" : answered || "taken as it is"}
              </td>
            </tr>
          ))}
          {extensions.length === 0 && (
            <tr>
              <th scope="row">Extensions</th>
              <td class="header-value">none</td>
              <td class="header-value">none</td>
            </tr>
          )}
        </tbody>
      </table>
    </Panel>
  );
}
