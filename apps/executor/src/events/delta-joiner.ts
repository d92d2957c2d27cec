import type { RunEventData } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import type { RedactingStream, Redactor } from '../broker/redactor.ts';

type Delta = RunEventData<'message.delta'>;

/** Joins the pieces of a message: the first leaves at once, then what gathers in a moment or fills a packet. */
export class DeltaJoiner {
  private current:
    | { nodeId: string; messageId: string; clean: RedactingStream; text: string; hasBegun: boolean }
    | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly redactor: Redactor,
    private readonly say: (delta: Delta) => void,
  ) {}

  add({ messageId, nodeId, text }: Delta): void {
    if (this.current && this.current.messageId !== messageId) this.end();
    this.current ??= { nodeId, messageId, clean: this.redactor.stream(), text: '', hasBegun: false };
    this.current.text += this.current.clean.push(text);
    if (!this.current.hasBegun || this.current.text.length >= DEFAULTS.deltaJoinBytes) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), DEFAULTS.deltaJoinMs);
  }

  /** Says what is left of the message; another event follows. */
  end(): void {
    if (!this.current) return;
    this.current.text += this.current.clean.end();
    this.flush();
    this.current = undefined;
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.current || this.current.text === '') return;
    const { nodeId, messageId, text } = this.current;
    this.current.text = '';
    this.current.hasBegun = true;
    this.say({ messageId, nodeId, text });
  }
}
