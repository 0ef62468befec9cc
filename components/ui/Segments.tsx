/** One position of the switch. */
export interface Segment<T extends string> {
  /** What it stands for. */
  value: T;
  /** The word on it. */
  label: string;
}

/** What a segmented switch shows. */
export interface SegmentsProps<T extends string> {
  /** Name of the group in the document. */
  name: string;
  /** What is switched, for screen readers. */
  legend: string;
  /** The positions. */
  options: readonly Segment<T>[];
  /** The position it is in. */
  value: T;
  /** Called with the new position. */
  onChange: (value: T) => void;
}

/** A switch with a few positions: native radio buttons underneath. */
export function Segments<T extends string>(props: SegmentsProps<T>) {
  return (
    <fieldset class="segments">
      <legend class="hidden-text">{props.legend}</legend>
      {props.options.map(({ value, label }) => (
        <label key={value} class="segment">
          <input
            type="radio"
            name={props.name}
            value={value}
            checked={props.value === value}
            onChange={() => props.onChange(value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
