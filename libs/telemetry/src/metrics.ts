type Labels = Readonly<Record<string, string>>;

interface Sample {
  labels?: Labels;
  value: number;
}

/** One thing that is measured, in Prometheus's text form. Never labelled by tenant. */
export interface Metric {
  text(): string;
}

/** What is read when somebody asks; undefined is no sample. */
type Read = () => number | undefined | readonly Sample[];

class ReadMetric implements Metric {
  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly type: 'gauge' | 'counter',
    private readonly read: Read,
  ) {}

  text(): string {
    const value = this.read();
    const samples = typeof value === 'object' ? value : value === undefined ? [] : [{ value }];
    return (
      headOf(this.name, this.help, this.type) +
      samples.map((sample: Sample) => lineOf(this.name, sample.labels, sample.value)).join('')
    );
  }
}

/** What goes up and down. */
export function gauge(name: string, help: string, read: Read): Metric {
  return new ReadMetric(name, help, 'gauge', read);
}

/** What only grows as long as the process lives. */
export function counter(name: string, help: string, read: Read): Metric {
  return new ReadMetric(name, help, 'counter', read);
}

interface Series {
  /** One per bound; what is above all counts in `count` only. */
  buckets: number[];
  count: number;
  sum: number;
}

/** How often which amounts came, by one label. */
export class Histogram implements Metric {
  private readonly series = new Map<string, Series>();

  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly label: string,
    private readonly bounds: readonly number[],
  ) {}

  observe(label: string, amount: number): void {
    let series = this.series.get(label);
    if (!series) {
      series = { buckets: this.bounds.map(() => 0), count: 0, sum: 0 };
      this.series.set(label, series);
    }
    const index = this.bounds.findIndex((bound) => amount <= bound);
    if (index >= 0) series.buckets[index] = (series.buckets[index] ?? 0) + 1;
    series.count += 1;
    series.sum += amount;
  }

  text(): string {
    let text = headOf(this.name, this.help, 'histogram');
    for (const [label, { buckets, count, sum }] of this.series) {
      const labels = { [this.label]: label };
      let below = 0;
      for (const [index, bound] of this.bounds.entries()) {
        below += buckets[index] ?? 0;
        text += lineOf(`${this.name}_bucket`, { ...labels, le: String(bound) }, below);
      }
      text += lineOf(`${this.name}_bucket`, { ...labels, le: '+Inf' }, count);
      text += lineOf(`${this.name}_sum`, labels, sum) + lineOf(`${this.name}_count`, labels, count);
    }
    return text;
  }
}

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsText(metrics: readonly Metric[]): string {
  return metrics.map((metric) => metric.text()).join('');
}

function headOf(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function lineOf(name: string, labels: Labels | undefined, value: number): string {
  const pairs = Object.entries(labels ?? {}).map(([key, text]) => `${key}=${quoted(text)}`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
