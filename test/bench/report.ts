/** One line of the table: a figure, and what it is held against. */
export interface Line {
  name: string;
  value: number;
  unit: string;
  /** The bound that the marks give, made of floors of the same run. */
  mark?: { is: 'at most' | 'at least'; value: number; of: string };
}

export function floorLine(name: string, value: number, unit: string): Line {
  return { name: `floor: ${name}`, value, unit };
}

export function table(lines: readonly Line[]): string {
  const rows = lines.map(({ name, value, unit, mark }) => [
    name,
    `${shown(value)} ${unit}`,
    mark ? `${mark.is} ${shown(mark.value)} (${mark.of})` : '',
    mark ? `${(value / mark.value).toFixed(2)}${isMet(value, mark) ? '' : '  missed'}` : '',
  ]);
  const all = [['', 'measured', 'mark', 'ratio to mark'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function isMet(value: number, mark: NonNullable<Line['mark']>): boolean {
  return mark.is === 'at most' ? value <= mark.value : value >= mark.value;
}

function shown(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
