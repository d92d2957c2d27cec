import { z } from 'zod';
import { Id, Name, pageOf, Timestamp } from '#libs/http';

export const CreateProject = z.strictObject({ name: Name }).meta({ id: 'CreateProject' });
export type CreateProject = z.output<typeof CreateProject>;

export const Project = z.object({ id: Id, name: z.string(), createdAt: Timestamp }).meta({ id: 'Project' });
export type Project = z.output<typeof Project>;

export const ProjectPage = pageOf(Project, 'ProjectPage');
