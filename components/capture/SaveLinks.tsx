const FORMATS = [
  { format: "jsonl", label: "JSONL", title: "everything, for this dashboard and tap read" },
  { format: "har", label: "HAR", title: "messages, for a browser’s DevTools" },
  { format: "pcap", label: "pcap", title: "the bytes as TCP, for Wireshark" },
] as const;

/** What is saved. */
export interface SaveLinksProps {
  /** Number of the capture, or `live`. */
  capture: string;
  /** Only this connection; everything where it is left out. */
  connection?: string;
  /** What is saved, for a screen reader. */
  of: string;
}

/** A capture as a file, in each format that there is. */
export function SaveLinks({ capture, connection, of }: SaveLinksProps) {
  const query = connection === undefined ? "" : `?connection=${encodeURIComponent(connection)}`;
  return (
    <span class="save-links" role="group" aria-label={`Save ${of}`}>
      <span class="engraved" aria-hidden="true">Save</span>
      {FORMATS.map(({ format, label, title }) => (
        <a
          key={format}
          class="key"
          href={`/api/captures/${capture}/${format}${query}`}
          download=""
          title={title}
        >
          {label}
        </a>
      ))}
    </span>
  );
}
